//! MD5, by which senders and receivers see that a message is whole.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};

use crate::Attribute;

/// The digest of a body.
pub(crate) fn body(text: &str) -> String {
    hex(Md5::digest(text).as_slice())
}

/// The digest of what is said about a message, if anything is.
///
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation>
pub(crate) fn attributes(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        add(&mut digest, name.as_bytes());
        add(&mut digest, attribute.data_type.as_bytes());
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), _) => {
                digest.update([1]);
                add(&mut digest, text.as_bytes());
            }
            (None, binary) => {
                let binary = BASE64_STANDARD.decode(binary.as_deref().unwrap_or_default());
                digest.update([2]);
                add(&mut digest, &binary.unwrap_or_default());
            }
        }
    }
    Some(hex(digest.finalize().as_slice()))
}

fn add(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_aws() {
        assert_eq!(body("hello"), "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(attributes(&BTreeMap::new()), None);
        let said = |data_type: &str, value: &str| Attribute {
            data_type: data_type.to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        };
        let number = BTreeMap::from([("timestamp".to_owned(), said("Number", "1493147359900"))]);
        assert_eq!(attributes(&number).unwrap(), "235c5c510d26fb653d073faed50ae77c");
        let binary = Attribute {
            data_type: "Binary".to_owned(),
            string_value: None,
            binary_value: Some("AAE=".to_owned()),
        };
        let both =
            BTreeMap::from([("b".to_owned(), said("String", "x")), ("a".to_owned(), binary)]);
        assert_eq!(attributes(&both).unwrap(), "d94bc3756d06553b744a72057d5c4248");
    }
}
