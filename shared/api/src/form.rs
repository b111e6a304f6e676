//! Reading requests field by field, so that every wrong field is named at once.

use std::{fmt::Display, marker::PhantomData};

use carehub_domain::{Class, Failure, FieldError};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, Visitor, value::Error as PlainError},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A request that is read field by field.
pub trait Form: Sized {
    /// Takes the fields that make up the request. `None` when any of them is wrong.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// Declares a request: its fields and, behind `=`, the names that older clients use for them.
#[macro_export]
macro_rules! form {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $kind:ty $(= $($also:literal)|+)?),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, utoipa::ToSchema)]
        $vis struct $name {
            $($(#[$field_meta])* $vis $field: $kind,)+
        }

        impl $crate::form::Form for $name {
            fn read(fields: &mut $crate::form::Fields) -> Option<Self> {
                $(let $field = fields.take(&[stringify!($field) $($(, $also)+)?]);)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}

/// The fields of a request that nobody has taken yet.
#[derive(Debug)]
pub struct Fields {
    left: Map<String, Value>,
    errors: Vec<FieldError>,
    /// Whether every value came as text, whatever it means.
    text: bool,
}

impl Fields {
    /// Takes the field that goes by one of `names`, of which the first is the present one.
    ///
    /// If several are there, the first of them counts.
    pub fn take<T: DeserializeOwned>(&mut self, names: &[&str]) -> Option<T> {
        let mut given = names.iter().filter_map(|&name| Some((name, self.left.remove(name)?)));
        let first = given.next();
        given.for_each(drop);
        let (name, read) = match first {
            Some((name, value)) if self.text => (name, interpret(value)),
            Some((name, value)) => (name, serde_path_to_error::deserialize(value).map_err(explain)),
            None => (
                names[0],
                T::deserialize(Absent).map_err(|error| (String::new(), error.to_string())),
            ),
        };
        match read {
            Ok(value) => Some(value),
            Err((path, detail)) => {
                self.errors.push(FieldError::at(format!("/{name}{path}"), detail));
                None
            }
        }
    }
}

impl Fields {
    /// Takes whatever is there.
    pub(crate) fn take_all(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.left)
    }

    /// Says what is wrong with fields that were taken.
    pub(crate) fn refuse(&mut self, errors: Vec<FieldError>) {
        self.errors.extend(errors);
    }
}

/// Reads a whole form. What is left over is a mistake of the caller.
pub(crate) fn read<F: Form>(fields: Map<String, Value>) -> Result<F, Invalid> {
    read_whole(Fields { left: fields, errors: Vec::new(), text: false })
}

/// The same for a form that came as text: numbers, flags and lists are read from what is written,
/// and nothing written means nothing given.
pub(crate) fn read_text<F: Form>(fields: Map<String, Value>) -> Result<F, Invalid> {
    read_whole(Fields { left: fields, errors: Vec::new(), text: true })
}

fn read_whole<F: Form>(mut fields: Fields) -> Result<F, Invalid> {
    let form = F::read(&mut fields);
    let Fields { left, mut errors, .. } = fields;
    errors.extend(left.keys().map(|name| {
        let name = name.replace('~', "~0").replace('/', "~1");
        FieldError::of(&name, "there is no such field")
    }));
    match form {
        Some(form) if errors.is_empty() => Ok(form),
        _ => Err(Invalid(errors)),
    }
}

/// Reads text as what it is, or else as what it means.
fn interpret<T: DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    let meant = value.as_str().and_then(|text| match text.trim() {
        "" => Some(Value::Null),
        text => serde_json::from_str(text).ok(),
    });
    let read = |value| serde_path_to_error::deserialize(value).map_err(explain);
    read(value).or_else(|error| match meant {
        Some(meant @ (Value::Array(_) | Value::Object(_))) => read(meant),
        Some(meant) => read(meant).map_err(|_| error),
        None => Err(error),
    })
}

/// Where in a field something is wrong, and what, without the value itself.
fn explain(error: serde_path_to_error::Error<serde_json::Error>) -> (String, String) {
    let path = error.path().iter().fold(String::new(), |path, segment| match segment {
        serde_path_to_error::Segment::Unknown => path,
        serde_path_to_error::Segment::Seq { index } => format!("{path}/{index}"),
        segment => format!("{path}/{segment}"),
    });
    let message = error.into_inner().to_string();
    // `invalid type: string "…", expected a boolean` repeats what was sent.
    let detail = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message,
    };
    (path, detail)
}

/// Some fields of a request are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("some fields are not right")]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// Says what is wrong with one field.
    pub fn field(name: &str, detail: impl Display) -> Self {
        Self(vec![FieldError::of(name, detail.to_string())])
    }
}

impl Failure for Invalid {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}

/// What a request asks of an optional fact: nothing if the field is not there, to forget
/// it if the field is `null` or empty, and else to keep a new one.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[expect(clippy::option_option, reason = "absent, null and a value are three answers")]
pub struct Change<T>(Option<Option<T>>);

impl<T: PartialEq> Change<T> {
    /// Makes the change and notes its name.
    pub fn apply(self, to: &mut Option<T>, name: &'static str, changed: &mut Vec<&'static str>) {
        if let Some(wanted) = self.0.filter(|wanted| wanted != to) {
            *to = wanted;
            changed.push(name);
        }
    }
}

impl<T> Change<T> {
    /// What is asked for, if anything is: a new fact, or to forget the old one.
    pub fn wanted(self) -> Option<Option<T>> {
        self.0
    }
}

/// Several forms within a form, each to be read like the form itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Each<F> {
    forms: Vec<Map<String, Value>>,
    #[serde(skip)]
    kind: PhantomData<F>,
}

impl<F: Form> Each<F> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.forms.len()
    }

    /// Reads all of them, which stand in the field called `name`, and names every wrong field.
    pub fn read(self, name: &str) -> Result<Vec<F>, Invalid> {
        let mut errors = Vec::new();
        let mut forms = Vec::new();
        for (position, fields) in self.forms.into_iter().enumerate() {
            match read(fields) {
                Ok(form) => forms.push(form),
                Err(Invalid(wrong)) => errors.extend(wrong.into_iter().map(|error| FieldError {
                    pointer: format!("/{name}/{position}{}", error.pointer),
                    ..error
                })),
            }
        }
        if errors.is_empty() { Ok(forms) } else { Err(Invalid(errors)) }
    }
}

/// Replaces a fact that cannot be forgotten, if a new one is given, and notes its name.
pub fn replace<T: PartialEq>(
    to: &mut T,
    wanted: Option<T>,
    name: &'static str,
    changed: &mut Vec<&'static str>,
) {
    if let Some(wanted) = wanted.filter(|wanted| wanted != to) {
        *to = wanted;
        changed.push(name);
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Reading<T> {
            type Value = Change<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or null")
            }

            // Only an absent field comes this way.
            fn visit_unit<E: de::Error>(self) -> Result<Change<T>, E> {
                Ok(Change(None))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                value: D,
            ) -> Result<Change<T>, D::Error> {
                match Value::deserialize(value)? {
                    Value::Null => Ok(Change(Some(None))),
                    Value::String(text) if text.trim().is_empty() => Ok(Change(Some(None))),
                    value => T::deserialize(value)
                        .map(|value| Change(Some(Some(value))))
                        .map_err(de::Error::custom),
                }
            }
        }

        deserializer.deserialize_newtype_struct("Change", Reading(PhantomData))
    }
}

/// `true` or `false` in a query string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = bool)]
pub struct Flag(pub bool);

impl TryFrom<String> for Flag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err("expected true or false"),
        }
    }
}

/// A field that is not there.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = PlainError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, PlainError> {
        Err(de::Error::custom("is required"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, PlainError> {
        match name {
            "Change" => visitor.visit_unit(),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use carehub_domain::contact::{EmailAddress, Phone};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    form! {
        /// A person.
        struct Person {
            name: String,
            phone: Phone = "phone_number" | "mobile",
            email: Option<EmailAddress>,
            nickname: Change<String>,
        }
    }

    fn person(body: Value) -> Result<Person, Vec<(String, String)>> {
        let Value::Object(fields) = body else { panic!("an object") };
        read(fields).map_err(|Invalid(errors)| {
            errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
        })
    }

    #[test]
    fn every_wrong_field_is_named_and_no_value_is_repeated() {
        let errors =
            person(json!({"name": 5, "mobile": "canary", "email": "canary", "extra/x": 1}))
                .unwrap_err();
        assert_eq!(
            errors,
            [
                ("/name", "expected a string"),
                ("/mobile", "expected a phone number with its country code, such as +923001234567"),
                ("/email", "expected an e-mail address such as name@example.org"),
                ("/extra~1x", "there is no such field"),
            ]
            .map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned()))
        );
    }

    #[test]
    fn every_wrong_field_of_every_form_within_is_named() {
        let people = |people: Value| serde_json::from_value::<Each<Person>>(people).unwrap();
        let both = json!([{"name": "Ana", "phone": "+923001234567"}, {"name": 5, "x": 1}]);
        let Invalid(errors) = people(both).read("people").unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/people/1/name", "/people/1/phone", "/people/1/x"]);
        let one = people(json!([{"name": "Ana", "phone": "+923001234567"}]));
        assert_eq!(one.count(), 1);
        assert_eq!(one.read("people").unwrap()[0].name, "Ana");
    }

    #[test]
    fn missing_fields_are_named_by_their_present_name() {
        let errors = person(json!({})).unwrap_err();
        assert_eq!(
            errors.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(),
            ["/name", "/phone"]
        );
    }

    #[test]
    fn fields_are_read_by_any_of_their_names() {
        let read =
            person(json!({"name": "Ana", "mobile": "+923001234567", "email": "ana@example.org"}));
        let Person { name, phone, email, .. } = read.unwrap();
        assert_eq!((name.as_str(), phone.reveal()), ("Ana", "+923001234567"));
        assert_eq!(email.unwrap().reveal(), "ana@example.org");
    }

    #[test]
    fn a_change_can_leave_clear_and_set() {
        let nickname = |body: Value| person(body).unwrap().nickname;
        let with = |nickname: Value| json!({"name": "Ana", "phone": "+923001234567", "nickname": nickname});
        assert_eq!(nickname(json!({"name": "Ana", "phone_number": "+923001234567"})), Change(None));
        assert_eq!(nickname(with(json!(null))), Change(Some(None)));
        assert_eq!(nickname(with(json!(" "))), Change(Some(None)));
        assert_eq!(nickname(with(json!("Annie"))), Change(Some(Some("Annie".to_owned()))));
    }

    #[test]
    fn text_is_read_as_what_it_means() {
        form! {
            /// What a page sends.
            struct Page {
                title: String,
                count: u8,
                private: Option<bool>,
                tags: Option<Vec<String>>,
                note: Option<EmailAddress>,
            }
        }
        let sent =
            json!({"title": "7", "count": "7", "private": "true", "tags": "[\"a\"]", "note": ""});
        let Value::Object(sent) = sent else { panic!("an object") };
        let Page { title, count, private, tags, note } = read_text(sent).unwrap();
        assert_eq!((title.as_str(), count, private), ("7", 7, Some(true)));
        assert_eq!((tags, note), (Some(vec!["a".to_owned()]), None));
        let Value::Object(sent) = json!({"title": "", "count": "x"}) else { panic!("an object") };
        let Invalid(errors) = read_text::<Page>(sent).unwrap_err();
        assert_eq!(errors, [FieldError::of("count", "expected u8")]);
    }

    proptest! {
        #[test]
        fn any_fields_are_read_without_panic(names in prop::collection::vec("[a-z~/]{0,9}", 0..5), value in any::<String>()) {
            let fields = names.into_iter().map(|name| (name, json!(value))).collect();
            let _ = read::<Person>(fields);
        }
    }
}
