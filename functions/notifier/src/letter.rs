//! How a notification reads outside the hub.

use carehub_api::config::PublicUrl;
use carehub_clients::Message;
use carehub_domain::{
    contact::{EmailAddress, Phone},
    notification::Notification,
};

/// The most characters of a message to a phone: two parts of one in most scripts.
const SHORT: usize = 300;

/// Where people choose what they are told.
const PREFERENCES: &str = "/notification-preferences";

const MARK: &str = "...";

const HTML: &str = include_str!("letter.html");

/// A notification as a phone shows it.
pub(crate) fn sms(to: Phone, notification: &Notification) -> Message {
    Message::Sms { to, text: shortened(notification.message.reveal(), SHORT) }
}

/// A notification as a mailbox shows it, once as plain text and once with headings and links.
pub(crate) fn mail(to: EmailAddress, notification: &Notification, hub: &PublicUrl) -> Message {
    let (title, message) = (notification.title.reveal(), notification.message.reveal());
    let (home, preferences) = (hub.of("/"), hub.of(PREFERENCES));
    let text = format!(
        "{message}\n\nOpen CareHub: {home}\nChoose what you are told, how and when: {preferences}\n"
    );
    let html = filled(
        HTML,
        &[("title", title), ("message", message), ("hub", &home), ("preferences", &preferences)],
    );
    Message::Mail { to, subject: title.to_owned(), text, html: Some(html) }
}

/// The text, or as many of its words as fit and a mark that there is more. An ellipsis is in no
/// alphabet of SMS and would more than double their number, so the mark is three dots.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let room: String = text.chars().take(most.saturating_sub(MARK.len())).collect();
    let is_between_words = text[room.len()..].starts_with(char::is_whitespace);
    // A word that fills everything is cut through.
    let end = room.rfind(char::is_whitespace).filter(|_| !is_between_words);
    format!("{}{MARK}", room[..end.unwrap_or(room.len())].trim_end())
}

/// A page with its `{{places}}` filled once. What fills them is text, never mark-up.
fn filled(page: &str, places: &[(&str, &str)]) -> String {
    let mut parts = page.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let place = places.iter().find(|(place, _)| *place == name);
        filled.push_str(&escaped(place.map_or("", |(_, text)| text)));
        filled.push_str(rest);
    }
    filled
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push_str("<br>"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_at_a_word() {
        assert_eq!(shortened("one two three", 13), "one two three");
        assert_eq!(shortened("one two three", 12), "one two...");
        assert_eq!(shortened("one two three", 10), "one two...");
        assert_eq!(shortened("one two three", 9), "one...");
        assert_eq!(shortened("überlang", 6), "übe...");
        let long = "wörter ".repeat(100);
        let short = shortened(&long, SHORT);
        assert!(short.chars().count() <= SHORT && short.ends_with("wörter..."), "{short}");
    }

    #[test]
    fn what_people_are_called_is_no_mark_up_and_no_place() {
        let filled = filled("<p>{{name}}</p>{{nothing}}", &[("name", "<b>\"{{name}}\" & 'co'\n")]);
        assert_eq!(filled, "<p>&lt;b&gt;&quot;{{name}}&quot; &amp; &#39;co&#39;<br></p>");
    }

    #[test]
    fn a_letter_has_all_its_places() {
        let places = [("title", "a"), ("message", "b"), ("hub", "c"), ("preferences", "d")];
        for (name, _) in places {
            assert!(HTML.contains(&format!("{{{{{name}}}}}")), "{name}");
        }
        assert!(!filled(HTML, &places).contains("{{"));
    }
}
