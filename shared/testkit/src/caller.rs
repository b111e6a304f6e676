//! Someone who makes requests.

use std::{fmt, net::IpAddr};

use http::{HeaderMap, Method, Request, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::TestHub;
use carehub_api::error::Problem;

/// Someone who makes requests, signed in or not.
#[derive(Clone)]
pub struct Caller<'h> {
    hub: &'h TestHub,
    /// Where they are. Everyone is somewhere else.
    pub address: IpAddr,
    /// The access token they show.
    pub access: Option<String>,
    /// The refresh token they keep.
    pub refresh: String,
    /// The account as it was when they signed in; `null` for visitors.
    pub user: Value,
    headers: Vec<(&'static str, String)>,
}

impl<'h> Caller<'h> {
    pub(crate) fn visitor(hub: &'h TestHub, address: IpAddr) -> Self {
        Self {
            hub,
            address,
            access: None,
            refresh: String::new(),
            user: Value::Null,
            headers: Vec::new(),
        }
    }

    /// The same person, signed in with what a sign-in answered.
    #[must_use]
    pub fn with_tokens(&self, signed_in: &Value) -> Self {
        let text = |name: &str| signed_in[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: Some(text("access")),
            refresh: text("refresh"),
            user: signed_in["user"].clone(),
            ..self.clone()
        }
    }

    /// The same person, sending another header.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut caller = self.clone();
        caller.headers.push((name, value.into()));
        caller
    }

    /// The same person, calling from somewhere else.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self { address: self.hub.visitor().address, ..self.clone() }
    }

    /// The identifier of their account.
    #[track_caller]
    pub fn id(&self) -> String {
        self.user["id"].as_str().expect("somebody who is signed in").to_owned()
    }

    /// Their account's ULID under another prefix, such as `doc`.
    #[track_caller]
    pub fn id_as(&self, prefix: &str) -> String {
        self.id().replacen("usr", prefix, 1)
    }

    /// Reads a resource.
    pub async fn get(&self, path: impl AsRef<str>) -> Reply {
        self.send(Method::GET, path.as_ref(), None::<&Value>).await
    }

    /// Creates a resource or performs an action.
    pub async fn post(&self, path: impl AsRef<str>, body: impl Serialize) -> Reply {
        self.send(Method::POST, path.as_ref(), Some(&body)).await
    }

    /// Changes a resource.
    pub async fn patch(&self, path: impl AsRef<str>, body: impl Serialize) -> Reply {
        self.send(Method::PATCH, path.as_ref(), Some(&body)).await
    }

    /// Changes a resource, as older clients do.
    pub async fn put(&self, path: impl AsRef<str>, body: impl Serialize) -> Reply {
        self.send(Method::PUT, path.as_ref(), Some(&body)).await
    }

    /// Deletes a resource.
    pub async fn delete(&self, path: impl AsRef<str>) -> Reply {
        self.send(Method::DELETE, path.as_ref(), None::<&Value>).await
    }

    /// Sends a form with files, each by its field and its name.
    pub async fn upload(
        &self,
        path: impl AsRef<str>,
        fields: &[(&str, &str)],
        files: &[(&str, &str, Vec<u8>)],
    ) -> Reply {
        const BOUNDARY: &str = "what-stands-between";

        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.into_bytes());
        }
        for (name, file, bytes) in files {
            let head = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n"
            );
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        let caller = self.with_header("content-type", media);
        caller.send_bytes(Method::POST, path.as_ref(), body).await
    }

    /// Makes any request.
    pub async fn send(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Reply {
        let bytes = body.map(|body| serde_json::to_vec(body).expect("a serializable body"));
        self.send_bytes(method, path, bytes.unwrap_or_default()).await
    }

    /// Makes any request with any body.
    pub async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(access) = &self.access {
            request = request.header(header::AUTHORIZATION, format!("Bearer {access}"));
        }
        if !body.is_empty() && !self.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(body.into()).expect("a well-formed request");
        self.hub.serve(request, self.address).await
    }
}

impl fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("user", &self.user["id"]).finish_non_exhaustive()
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
#[must_use = "check the reply with `ok` or `problem`"]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The resource as JSON; `null` if the answer has no body.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The resource.
    #[track_caller]
    pub fn view<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.ok()).expect("the documented view")
    }

    /// The problem.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        assert!(!self.status.is_success(), "{}: {}", self.status, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Problem = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!(problem.request_id, self.header("x-request-id"));
        problem
    }

    /// The status and the code of the problem: `409 username-taken`.
    #[track_caller]
    pub fn refusal(&self) -> String {
        let problem = self.problem();
        format!("{} {}", problem.status, problem.code)
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
