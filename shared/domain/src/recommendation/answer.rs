//! Checking what a language model answered, before anything of it is believed.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::shortlist::{CandidateId, Shortlist};
use crate::{choice::choice, safety};

/// More bytes than this are not even read.
const LARGEST: usize = 16 * 1024;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 300;

choice! {
    /// What is wrong with an answer of a language model, or why there is none.
    pub enum Flaw: "a flaw" {
        /// It is too long.
        TooLarge = "TOO_LARGE",
        /// It is no text.
        NotText = "NOT_TEXT",
        /// It is no JSON, or more than one JSON value.
        NotJson = "NOT_JSON",
        /// It holds what was not asked for.
        ExtraKeys = "EXTRA_KEYS",
        /// It has another shape than that of the schema.
        WrongShape = "WRONG_SHAPE",
        /// It says something twice.
        RepeatedKeys = "REPEATED_KEYS",
        /// It ranks nothing.
        Empty = "EMPTY",
        /// It ranks more than there are.
        TooMany = "TOO_MANY",
        /// It names what is not on the list.
        UnknownId = "UNKNOWN_ID",
        /// It names a candidate twice.
        RepeatedId = "REPEATED_ID",
        /// A reason is missing or too long.
        ReasonLength = "REASON_LENGTH",
        /// A reason holds more than plain words: signs, links, markup.
        ReasonNotPlain = "REASON_NOT_PLAIN",
        /// A reason speaks of numbers or amounts.
        ReasonAmount = "REASON_AMOUNT",
        /// A reason names a medicine that is no candidate, or what may be one.
        ReasonMedicine = "REASON_MEDICINE",
        /// The rules speak against a candidate when they look again.
        Unsafe = "UNSAFE",
        /// The model declined.
        Refused = "REFUSED",
        /// The model wanted to use a tool, and has none.
        ToolCall = "TOOL_CALL",
        /// The answer broke off.
        Cut = "CUT",
        /// The service did not answer in time.
        TimedOut = "TIMED_OUT",
        /// The service has had enough for now.
        Limited = "LIMITED",
        /// The service did not answer, or not in its own language.
        Unavailable = "UNAVAILABLE",
    }
}

impl Flaw {
    /// Whether asking once more, with the flaw named, may help.
    pub fn is_repairable(self) -> bool {
        match self {
            Self::TooLarge
            | Self::NotJson
            | Self::ExtraKeys
            | Self::WrongShape
            | Self::RepeatedKeys
            | Self::Empty
            | Self::TooMany
            | Self::UnknownId
            | Self::RepeatedId
            | Self::ReasonLength
            | Self::ReasonNotPlain
            | Self::ReasonAmount
            | Self::ReasonMedicine => true,
            Self::NotText
            | Self::Unsafe
            | Self::Refused
            | Self::ToolCall
            | Self::Cut
            | Self::TimedOut
            | Self::Limited
            | Self::Unavailable => false,
        }
    }

    /// Whether the service failed, and not its answer. The breaker counts these.
    pub fn is_outage(self) -> bool {
        matches!(self, Self::TimedOut | Self::Limited | Self::Unavailable | Self::Cut)
    }

    /// The flaw in words that a model reads.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "it is too long",
            Self::NotText => "it is no text",
            Self::NotJson => "it is not one JSON object",
            Self::ExtraKeys => "it has keys that the schema does not have",
            Self::WrongShape => "it does not have the shape of the schema",
            Self::RepeatedKeys => "a key stands in it twice",
            Self::Empty => "it ranks nothing",
            Self::TooMany => "it ranks more than there are candidates",
            Self::UnknownId => "it uses an id that no candidate has",
            Self::RepeatedId => "it uses an id twice",
            Self::ReasonLength => "a reason is empty or longer than 300 characters",
            Self::ReasonNotPlain => "a reason is not plain English text",
            Self::ReasonAmount => "a reason holds digits, amounts or frequencies",
            Self::ReasonMedicine => {
                "a reason names a medicine that is no candidate, or a word with a capital letter that may be one"
            }
            Self::Unsafe => "a candidate does not pass the rules any more",
            Self::Refused => "there is no answer in it",
            Self::ToolCall => "there are no tools",
            Self::Cut => "it broke off",
            Self::TimedOut => "it came too late",
            Self::Limited | Self::Unavailable => "there is none",
        }
    }
}

/// What a language model answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    ranking: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    reason: String,
}

/// An order of candidates with a reason for each, which passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking(Vec<(CandidateId, String)>);

impl Ranking {
    /// The candidates with their reasons, the best first.
    pub fn places(&self) -> impl Iterator<Item = (CandidateId, &str)> {
        self.0.iter().map(|(id, reason)| (*id, reason.as_str()))
    }
}

impl Answer {
    /// Takes an answer over if all of it is as it should be. Nothing is repaired here, and what
    /// is wrong in part is wrong.
    pub fn check(text: &str, shortlist: &Shortlist) -> Result<Ranking, Flaw> {
        if text.len() > LARGEST {
            return Err(Flaw::TooLarge);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| Flaw::NotJson)?;
        check_shape(&value)?;
        // Read again, as a value forgets what stands in it twice.
        let Self { ranking } = serde_json::from_str(text).map_err(|_| Flaw::RepeatedKeys)?;
        if ranking.is_empty() {
            return Err(Flaw::Empty);
        }
        if ranking.len() > shortlist.candidates.len() {
            return Err(Flaw::TooMany);
        }
        let names = Names::of(shortlist.ingredients());
        let mut seen = BTreeSet::new();
        let mut places = Vec::with_capacity(ranking.len());
        for Line { id, reason } in ranking {
            let id: CandidateId = id.parse().map_err(|_| Flaw::UnknownId)?;
            shortlist.candidate(id).ok_or(Flaw::UnknownId)?;
            if !seen.insert(id) {
                return Err(Flaw::RepeatedId);
            }
            let reason = checked(&reason, &names)?;
            if !shortlist.still_passes(id) {
                return Err(Flaw::Unsafe);
            }
            places.push((id, reason));
        }
        Ok(Ranking(places))
    }
}

/// Whether the value has the shape of the schema.
fn check_shape(value: &Value) -> Result<(), Flaw> {
    let Value::Object(answer) = value else { return Err(Flaw::WrongShape) };
    let Some(Value::Array(ranking)) = answer.get("ranking") else { return Err(Flaw::WrongShape) };
    if answer.len() > 1 {
        return Err(Flaw::ExtraKeys);
    }
    for line in ranking {
        let Value::Object(line) = line else { return Err(Flaw::WrongShape) };
        let (Some(Value::String(_)), Some(Value::String(_))) = (line.get("id"), line.get("reason"))
        else {
            return Err(Flaw::WrongShape);
        };
        if line.len() > 2 {
            return Err(Flaw::ExtraKeys);
        }
    }
    Ok(())
}

/// The reason in plain signs, if it is plain words about candidates.
fn checked(reason: &str, names: &Names) -> Result<String, Flaw> {
    let reason: String = reason.trim().chars().map(plainer).collect();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Flaw::ReasonLength);
    }
    if reason.chars().any(char::is_numeric) {
        return Err(Flaw::ReasonAmount);
    }
    let is_plain = |c: char| c.is_ascii_alphabetic() || " .,;:'\"()-/!?".contains(c);
    if !reason.chars().all(is_plain) || looks_like_link(&reason) {
        return Err(Flaw::ReasonNotPlain);
    }
    let words: Vec<_> = words_of(&reason).collect();
    if words.iter().any(|word| AMOUNTS.contains(&word.to_ascii_lowercase().as_str())) {
        return Err(Flaw::ReasonAmount);
    }
    let of_medicines =
        BODY.iter().fold(reason.to_ascii_lowercase(), |rest, it| rest.replace(it, ","));
    let named = safety::named_within(&of_medicines);
    let is_foreign = named.iter().any(|name| !names.ingredients.contains(name));
    let is_coined = words.iter().any(|word| names.is_coined(word));
    if is_foreign || is_coined || names.holds_brand(&reason) {
        return Err(Flaw::ReasonMedicine);
    }
    Ok(reason)
}

/// The typewriter's sign for what models like to print.
fn plainer(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2010}'..='\u{2014}' => '-',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        other => other,
    }
}

/// A stop or a colon within a word, or two strokes: `evil.example`, `https://`.
fn looks_like_link(reason: &str) -> bool {
    let between = |sign: char| {
        reason.split(sign).zip(reason.split(sign).skip(1)).any(|(before, behind)| {
            before.ends_with(|c: char| c.is_ascii_alphabetic())
                && behind.starts_with(|c: char| c.is_ascii_alphabetic())
        })
    };
    reason.contains("//") || between('.') || between(':')
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

/// Words that measure or count how much is taken and how often.
const AMOUNTS: &[&str] = &[
    "mg",
    "mcg",
    "ug",
    "g",
    "gram",
    "grams",
    "gm",
    "kg",
    "ml",
    "iu",
    "meq",
    "milligram",
    "milligrams",
    "microgram",
    "micrograms",
    "milliliter",
    "milliliters",
    "millilitre",
    "millilitres",
    "tablet",
    "tablets",
    "capsule",
    "capsules",
    "pill",
    "pills",
    "puff",
    "puffs",
    "drops",
    "teaspoon",
    "teaspoons",
    "twice",
    "thrice",
    "daily",
    "hourly",
    "nightly",
    "weekly",
    "monthly",
    "hours",
    "hour",
    "bid",
    "tid",
    "qid",
    "prn",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twelve",
    "fifteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "eighty",
    "hundred",
    "thousand",
    "double",
    "triple",
];

/// Words about the body and classes that hold the name of a medicine by accident.
const BODY: &[&str] = &[
    "calcium channel",
    "blood glucose",
    "glucose control",
    "insulin resistance",
    "insulin sensitivity",
    "insulin secretion",
    "iron deficiency",
];

/// How names of medicines end. Classes, such as `statins`, are nothing but an ending.
const STEMS: &[&str] = &[
    "sartan",
    "olol",
    "statin",
    "mab",
    "tinib",
    "cillin",
    "mycin",
    "micin",
    "conazole",
    "prazole",
    "nidazole",
    "dipine",
    "gliptin",
    "gliflozin",
    "glitazone",
    "glutide",
    "floxacin",
    "ciclovir",
    "navir",
    "tegravir",
    "vudine",
    "tidine",
    "triptan",
    "setron",
    "oxetine",
    "azepam",
    "azolam",
    "profen",
    "oxicam",
    "coxib",
    "parin",
    "xaban",
    "gatran",
    "buterol",
    "moterol",
    "meterol",
    "daterol",
    "solone",
    "onide",
    "asone",
    "caine",
    "curium",
    "barbital",
    "tyline",
    "pramine",
    "idone",
    "platin",
    "rubicin",
    "trexate",
    "cycline",
    "fenac",
    "pril",
    "semide",
    "thiazide",
    "zosin",
    "steride",
    "dronate",
    "afil",
    "lukast",
    "tropium",
    "astine",
    "adine",
    "zepine",
    "peridol",
    "apine",
    "formin",
];

/// The names of the candidates.
struct Names {
    ingredients: BTreeSet<&'static str>,
    words: BTreeSet<&'static str>,
}

impl Names {
    fn of(ingredients: BTreeSet<&'static str>) -> Self {
        let words = ingredients.iter().flat_map(|name| words_of(name)).collect();
        Self { ingredients, words }
    }

    fn hold(&self, word: &str) -> bool {
        self.words.contains(word.to_ascii_lowercase().as_str())
    }

    /// Whether a word ends like the name of a medicine and is that of no candidate. What nobody
    /// has ever heard of is found in this way, too.
    fn is_coined(&self, word: &str) -> bool {
        let lower = word.to_ascii_lowercase();
        STEMS.iter().any(|stem| lower.len() > stem.len() && lower.ends_with(stem))
            && !self.hold(word)
    }

    /// Whether a word within a sentence begins with a capital letter as brands do. `ACE` does not.
    fn holds_brand(&self, reason: &str) -> bool {
        let mut begins = true;
        reason.split_inclusive([' ', '-', '/']).any(|part| {
            let word = part.trim_matches(|c: char| !c.is_ascii_alphabetic());
            let mut letters = word.chars();
            let is_capital = letters.next().is_some_and(|c| c.is_ascii_uppercase());
            let is_brand =
                is_capital && letters.any(|c| c.is_ascii_lowercase()) && !self.hold(word);
            let found = is_brand && !begins;
            if !word.is_empty() {
                begins = part.trim_end().ends_with(['.', '!', '?', ':']);
            }
            found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(reason: &str) -> Result<String, Flaw> {
        checked(reason, &Names::of(BTreeSet::from(["cetirizine", "loratadine"])))
    }

    #[test]
    fn plain_words_about_candidates_are_taken() {
        for reason in [
            "A non-drowsy antihistamine; no interaction with what is taken.",
            "Like loratadine, it acts for long and suits hay fever.",
            "Another ACE/ARB choice: well known in older people.",
            "Less sedating than older antihistamines (first generation).",
            "Cetirizine suits hay fever. It makes some people sleepy.",
            "Unlike a calcium channel blocker it leaves blood glucose alone.",
        ] {
            assert_eq!(look(reason).as_deref(), Ok(reason));
        }
        assert_eq!(look(" It’s a non\u{2011}drowsy one. ").unwrap(), "It's a non-drowsy one.");
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        for reason in [
            "See https://example.org",
            "See example.org for more",
            "Take **this** one",
            "<b>best</b>",
            "Best\u{0}",
            "Best\nof all",
            "Best \u{202e}live",
            "Лучший",
            "ibu\u{200b}profen",
            "mail me at me@example",
            "{\"id\"}",
        ] {
            assert_eq!(look(reason), Err(Flaw::ReasonNotPlain), "{reason}");
        }
    }

    #[test]
    fn amounts_are_refused() {
        for reason in [
            "Give 10 mg",
            "Ten tablets are enough",
            "Works twice as well",
            "Five milligrams",
            "Take it daily",
            "٣ of them",
            "½ is enough",
        ] {
            assert_eq!(look(reason), Err(Flaw::ReasonAmount), "{reason}");
        }
    }

    #[test]
    fn other_medicines_are_refused_however_they_are_called() {
        for reason in [
            "Take ibuprofen instead",
            "Better than Brufen",
            "Add warfarin for good measure",
            "Add Zorblaxin for good measure",
            "Add zorblastatin for good measure",
            "I-B-U: ibu profen or naproxen",
            "Like Panadol",
            "Take calcium with it",
            "Insulin is better",
        ] {
            assert_eq!(look(reason), Err(Flaw::ReasonMedicine), "{reason}");
        }
    }

    #[test]
    fn reasons_are_neither_empty_nor_long() {
        assert_eq!(look("  "), Err(Flaw::ReasonLength));
        assert_eq!(look(&"a".repeat(301)), Err(Flaw::ReasonLength));
        assert!(look(&"a".repeat(300)).is_ok());
    }
}
