//! A language model that puts medicines in order.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use carehub_domain::recommendation::{Flaw, Prompt};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Inquiry, Web, WebError};

/// How long an answer may take, all of it.
const PATIENCE: Duration = Duration::from_secs(8);
/// How many bytes of an answer are read.
const MOST: usize = 256 * 1024;
/// How much a model may think and write.
const MOST_TOKENS: u32 = 4096;

/// What a language model is asked.
#[derive(Clone, Copy)]
pub struct Consultation<'a> {
    /// The task, the data and the shape of the answer.
    pub prompt: &'a Prompt,
    /// What was wrong with the answer before, if it is asked again.
    pub repair: Option<&'a str>,
}

/// Why a language model gave no answer that can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model gave no answer: {flaw}")]
pub struct AssistantError {
    /// What was wrong.
    pub flaw: Flaw,
    /// How long it wants to be left alone.
    pub retry_after: Option<SignedDuration>,
}

/// Answers consultations with text, which nobody believes before it was checked.
pub trait Assistant: Send + Sync {
    /// What the model is called.
    fn model(&self) -> &str;

    /// Asks once.
    fn ask<'a>(
        &'a self,
        consultation: Consultation<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<String, AssistantError>> + Send + 'a>>;
}

/// An assistant as functions share it.
pub type SharedAssistant = Arc<dyn Assistant>;

/// A model behind the API for chats that Groq and many others offer.
///
/// <https://console.groq.com/docs/api-reference#chat>
#[derive(Clone)]
pub struct ChatModel {
    web: Web,
    url: String,
    key: SecretString,
    model: String,
    patience: Duration,
}

impl ChatModel {
    /// The model of this name behind the API at `base`, such as `https://api.groq.com/openai/v1`.
    pub fn new(base: &str, key: SecretString, model: &str) -> Self {
        Self {
            web: Web::of_settings(),
            url: format!("{}/chat/completions", base.trim_end_matches('/')),
            key,
            model: model.to_owned(),
            patience: PATIENCE,
        }
    }

    /// The same, with another patience than eight seconds.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    async fn complete(&self, consultation: Consultation<'_>) -> Result<String, AssistantError> {
        let body = self.body(consultation).to_string();
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let headers = [("authorization", bearer.as_str()), ("user-agent", "CareHub")];
        let inquiry = Inquiry {
            url: &self.url,
            headers: &headers,
            body: &body,
            patience: self.patience,
            most: MOST,
        };
        let answer = self.web.post(inquiry).await.map_err(|error| match error {
            WebError::Late => Flaw::TimedOut,
            WebError::Forbidden | WebError::Unreachable(_) => Flaw::Unavailable,
        })?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error() {
            let limited = answer.status == StatusCode::TOO_MANY_REQUESTS;
            let flaw = if limited { Flaw::Limited } else { Flaw::Unavailable };
            return Err(AssistantError { flaw, retry_after: retry_after(&answer.headers) });
        }
        if answer.status == StatusCode::BAD_REQUEST && is_off_schema(&answer.body) {
            return Err(Flaw::NotJson.into());
        }
        if answer.status != StatusCode::OK {
            tracing::warn!(status = answer.status.as_u16(), "the model refuses the request itself");
            return Err(Flaw::Unavailable.into());
        }
        if !answer.is_whole {
            return Err(Flaw::TooLarge.into());
        }
        read(&answer.body).map_err(AssistantError::from)
    }

    fn body(&self, Consultation { prompt, repair }: Consultation<'_>) -> Value {
        let said = |role: &str, words: &str| json!({"role": role, "content": words});
        let messages: Vec<_> = [said("system", &prompt.system), said("user", &prompt.user)]
            .into_iter()
            .chain(repair.map(|words| said("user", words)))
            .collect();
        json!({
            "model": self.model,
            "messages": messages,
            "temperature": 0,
            "max_completion_tokens": MOST_TOKENS,
            "n": 1,
            "stream": false,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "ranking", "strict": true, "schema": prompt.schema},
            },
        })
    }
}

/// The text of an answer of the API.
fn read(body: &[u8]) -> Result<String, Flaw> {
    let text = std::str::from_utf8(body).map_err(|_| Flaw::NotText)?;
    let answer: Completion = serde_json::from_str(text).map_err(|_| Flaw::Unavailable)?;
    let Choice { message, finish_reason } = answer.choices.into_iter().next().ok_or(Flaw::Empty)?;
    if message.tool_calls.is_some_and(|calls| !calls.is_empty()) || message.function_call.is_some()
    {
        return Err(Flaw::ToolCall);
    }
    let is_refused = message.refusal.is_some_and(|words| !words.trim().is_empty());
    match finish_reason.as_deref() {
        _ if is_refused => Err(Flaw::Refused),
        Some("content_filter") => Err(Flaw::Refused),
        Some("length") => Err(Flaw::Cut),
        _ => message.content.filter(|words| !words.trim().is_empty()).ok_or(Flaw::Empty),
    }
}

/// Whether the service refuses what its own model wrote, which does not fit the schema. What the
/// model wrote stands there, too, and is not read.
///
/// <https://console.groq.com/docs/structured-outputs>
fn is_off_schema(body: &[u8]) -> bool {
    serde_json::from_slice::<Refusal>(body)
        .is_ok_and(|refusal| refusal.error.code == "json_validate_failed")
}

/// How long the service wants to be left alone, if it says so in seconds.
fn retry_after(headers: &HeaderMap) -> Option<SignedDuration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    SignedDuration::try_from_secs_f64(seconds.ceil()).ok()
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Value>>,
    #[serde(default)]
    function_call: Option<Value>,
}

impl From<Flaw> for AssistantError {
    fn from(flaw: Flaw) -> Self {
        Self { flaw, retry_after: None }
    }
}

impl Assistant for ChatModel {
    fn model(&self) -> &str {
        &self.model
    }

    fn ask<'a>(
        &'a self,
        consultation: Consultation<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<String, AssistantError>> + Send + 'a>> {
        Box::pin(self.complete(consultation))
    }
}

impl fmt::Debug for ChatModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatModel").field("model", &self.model).finish_non_exhaustive()
    }
}

impl fmt::Debug for Consultation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consultation").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &Value, finish_reason: &str) -> Result<String, Flaw> {
        let choice = json!({"message": message, "finish_reason": finish_reason});
        read(json!({"choices": [choice]}).to_string().as_bytes())
    }

    #[test]
    fn an_answer_is_its_text() {
        assert_eq!(said(&json!({"content": "{}"}), "stop").as_deref(), Ok("{}"));
    }

    #[test]
    fn whatever_is_no_text_is_no_answer() {
        for (message, reason, flaw) in [
            (json!({"content": "{}"}), "length", Flaw::Cut),
            (json!({"content": "{}"}), "content_filter", Flaw::Refused),
            (json!({"content": "{}", "refusal": "No."}), "stop", Flaw::Refused),
            (json!({"content": null, "tool_calls": [{}]}), "tool_calls", Flaw::ToolCall),
            (json!({"content": "{}", "function_call": {}}), "stop", Flaw::ToolCall),
            (json!({"content": null}), "stop", Flaw::Empty),
            (json!({"content": " "}), "stop", Flaw::Empty),
            (json!({"content": {}}), "stop", Flaw::Unavailable),
        ] {
            assert_eq!(said(&message, reason), Err(flaw), "{message}");
        }
        assert_eq!(read(b"{\"choices\":[]}"), Err(Flaw::Empty));
        assert_eq!(read(b"<html>"), Err(Flaw::Unavailable));
        assert_eq!(read(b"\xff\xfe"), Err(Flaw::NotText));
    }

    #[test]
    fn a_service_says_how_long_it_wants_to_be_left_alone() {
        let after = |value: &'static str| {
            retry_after(&[(RETRY_AFTER, value.parse().unwrap())].into_iter().collect())
        };
        assert_eq!(after("7"), Some(SignedDuration::from_secs(7)));
        assert_eq!(after("0.4"), Some(SignedDuration::from_secs(1)));
        assert_eq!(after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(after("inf"), None);
    }
}
