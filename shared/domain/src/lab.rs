//! Results of laboratory tests: what was measured, what is usual, and where it leads.

mod range;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

pub use self::range::{Amount, UsualRange};
use crate::{
    Id, Revision,
    access::{Action, Actor, Denied, PatientId},
    appointment::AppointmentId,
    chart::{Chart, Clinical, Secrecy},
    choice::choice,
    doctor::DoctorId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    medical_record::{MedicalRecord, MedicalRecordId, demand_doctor},
    revision::{Revised, revised},
    search,
    text::{BadText, Text},
};

/// The result of one test, which belongs to the medical record of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabResult {
    /// Identifies the result.
    pub id: LabResultId,
    /// The record of the visit at which it was ordered.
    pub record: MedicalRecordId,
    /// The visit.
    pub appointment: AppointmentId,
    /// Who was tested.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Who ordered it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_name: Option<Text<255>>,
    /// What was tested.
    pub test_name: Text<200>,
    /// In what.
    pub test_type: TestType,
    /// What came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Reading>,
    /// In which unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text<50>>,
    /// What is usual, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_range: Option<Text<200>>,
    /// What whoever wrote it down makes of it.
    pub status: LabStatus,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
    /// When it was ordered.
    pub ordered_on: Date,
    /// When the result was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resulted_on: Option<Date>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`LabResult`].
pub type LabResultId = Id<LabResult>;

impl Identified for LabResult {
    const PREFIX: &'static str = "lab";
}

choice! {
    /// In what a test was made.
    pub enum TestType: "a type of test" {
        /// Blood.
        Blood = "BLOOD",
        /// Urine.
        Urine = "URINE",
        /// Pictures.
        Imaging = "IMAGING",
        /// Tissue.
        Biopsy = "BIOPSY",
        /// What grew.
        Culture = "CULTURE",
        /// Anything else.
        Other = "OTHER",
    }
}

choice! {
    /// What whoever wrote a result down makes of it.
    pub enum LabStatus: "a status" {
        /// It is as it should be.
        Normal = "NORMAL",
        /// It is not.
        Abnormal = "ABNORMAL",
        /// Somebody has to act at once.
        Critical = "CRITICAL",
        /// It is not there yet.
        Pending = "PENDING",
    }
}

choice! {
    /// Where a result lies.
    pub enum Flag: "a flag" {
        /// Below what is usual.
        Low = "LOW",
        /// Above what is usual.
        High = "HIGH",
        /// Somebody has to act at once.
        Critical = "CRITICAL",
        /// Within what is usual.
        Normal = "NORMAL",
    }
}

choice! {
    /// Where results lead.
    pub enum Direction: "a direction" {
        /// Up.
        Rising = "RISING",
        /// Down.
        Falling = "FALLING",
        /// Neither.
        Steady = "STEADY",
    }
}

/// What came out of a test, as it was typed: mostly a number, but not always.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reading(Text<200>);

impl Reading {
    /// The reading as it was typed.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The number, if it is one.
    pub fn amount(&self) -> Option<Amount> {
        self.reveal().parse().ok()
    }
}

// It is about somebody's health.
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl TryFrom<String> for Reading {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        Text::try_from(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Typed;

        impl de::Visitor<'_> for Typed {
            type Value = Reading;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reading, E> {
                Reading::try_from(text.to_owned()).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Reading, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Reading, E> {
                self.visit_str(&number.to_string())
            }

            // The shortest decimal that means this number is the one that was typed.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Reading, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Typed)
    }
}

impl PartialSchema for Reading {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(200))
            .description(Some("A number, or what came out in words. Numbers are read as well."))
            .into()
    }
}

impl ToSchema for Reading {}

/// How a result compares with the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// Where it leads.
    pub direction: Direction,
    /// The result before.
    pub previous: LabResult,
}

/// Where a result stands among others of its test: a line in the chart of a patient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesPlace {
    /// The test, folded.
    pub test: String,
    /// When it was made.
    pub on: Date,
    /// The result itself.
    pub id: LabResultId,
}

impl LabResult {
    /// Orders a test at the visit that `record` is about.
    pub fn order(
        record: &MedicalRecord,
        test_name: Text<200>,
        test_type: TestType,
        ordered_on: Date,
        by: &Actor,
    ) -> Self {
        Self {
            id: Id::generate(by.at),
            record: record.id,
            appointment: record.appointment,
            patient: record.patient,
            patient_name: record.patient_name.clone(),
            doctor: record.doctor,
            doctor_name: record.doctor_name.clone(),
            hospital: record.hospital,
            hospital_name: record.hospital_name.clone(),
            test_name,
            test_type,
            value: None,
            unit: None,
            reference_range: None,
            status: LabStatus::Pending,
            notes: None,
            ordered_on,
            resulted_on: None,
            created_at: by.at,
            updated_at: by.at,
            revision: Revision::FIRST,
        }
    }

    /// Checks that what it says agrees: a result comes after it was ordered, and no result is
    /// judged before it is there.
    pub fn demand_sound(&self) -> Result<(), LabError> {
        match (self.status, &self.value) {
            _ if self.resulted_on.is_some_and(|date| date < self.ordered_on) => {
                Err(LabError::ResultTooEarly)
            }
            (LabStatus::Normal, None) => Err(LabError::ValueMissing),
            (_, _) => Ok(()),
        }
    }

    /// Where the result lies. Nobody is told that a result is normal unless it was read, what is
    /// usual was read, and nobody says otherwise.
    pub fn flag(&self) -> Option<Flag> {
        match self.status {
            LabStatus::Critical => return Some(Flag::Critical),
            LabStatus::Pending => return None,
            LabStatus::Normal | LabStatus::Abnormal => {}
        }
        let unit = self.unit.as_ref().map(Text::reveal);
        let usual = UsualRange::read(self.reference_range.as_ref()?.reveal(), unit)?;
        let flag = usual.flag(self.value.as_ref()?.amount()?);
        let doubted = flag == Flag::Normal && self.status == LabStatus::Abnormal;
        (!doubted).then_some(flag)
    }

    /// Whether somebody should look at it.
    pub fn is_abnormal(&self) -> bool {
        let judged = matches!(self.status, LabStatus::Abnormal | LabStatus::Critical);
        judged || self.flag().is_some_and(|flag| flag != Flag::Normal)
    }

    /// The day for which it stands.
    pub fn on(&self) -> Date {
        self.resulted_on.unwrap_or(self.ordered_on)
    }

    /// Its place in the chart of the patient, if there is a number to draw.
    pub fn series_place(&self) -> Option<SeriesPlace> {
        let number = self.value.as_ref().and_then(Reading::amount);
        let drawn = number.is_some() && self.status != LabStatus::Pending;
        drawn.then(|| SeriesPlace {
            test: series_name(self.test_name.reveal()),
            on: self.on(),
            id: self.id,
        })
    }

    /// How it compares with an earlier result of the same test in the same unit. Results in
    /// different units are not compared.
    pub fn trend(&self, previous: &Self) -> Option<Trend> {
        if !self.is_comparable_with(previous) {
            return None;
        }
        let amount = |result: &Self| result.value.as_ref().and_then(Reading::amount);
        let direction = match amount(self)?.cmp(&amount(previous)?) {
            std::cmp::Ordering::Less => Direction::Falling,
            std::cmp::Ordering::Equal => Direction::Steady,
            std::cmp::Ordering::Greater => Direction::Rising,
        };
        Some(Trend { direction, previous: previous.clone() })
    }

    fn is_comparable_with(&self, other: &Self) -> bool {
        let unit = |result: &Self| result.unit.as_ref().map(|unit| range::unit(unit.reveal()));
        let test = |result: &Self| series_name(result.test_name.reveal());
        test(self) == test(other) && unit(self) == unit(other)
    }
}

/// The name under which results of a test are drawn together: `HbA1c` and ` hba1c ` are one.
pub fn series_name(test: &str) -> String {
    let folded = search::fold(test).replace('#', " ");
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

revised!(LabResult);

/// A result beside the record of the visit that it belongs to, which decides who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabReport {
    /// The result.
    pub result: LabResult,
    /// The record of the visit.
    pub record: MedicalRecord,
}

impl Clinical for LabReport {
    const VIEW: Action = Action::ViewLabResult;

    fn reference(&self) -> Reference {
        self.result.id.into()
    }

    fn patient(&self) -> PatientId {
        self.record.patient
    }

    fn is_of_doctor(&self, doctor: DoctorId) -> bool {
        self.record.is_of_doctor(doctor)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.record.hospital
    }

    fn secrecy(&self) -> Secrecy {
        self.record.secrecy()
    }
}

impl Chart<LabReport> {
    /// Checks that a doctor who writes is the one who saw the patient: others only read.
    pub fn demand_own_visit(&self, by: &Actor) -> Result<(), Denied> {
        demand_doctor(&self.paper, by)
    }
}

failures! {
    /// Why the result of a test cannot be kept.
    pub enum LabError {
        ResultTooEarly = Invalid "result-too-early" "the result date must not be before the ordered date",
        ValueMissing = Invalid "result-missing" "a result that is NORMAL needs a value",
        Stale = Conflict "lab-result-stale" "the result changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ULID: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";

    fn result(value: Option<&str>, unit: &str, range: Option<&str>, status: &str) -> LabResult {
        let at = "2030-01-07T08:00:00Z";
        let result = json!({
            "id": format!("lab_{ULID}"), "record": format!("mrc_{ULID}"),
            "appointment": format!("apt_{ULID}"), "patient": format!("pat_{ULID}"),
            "patient_name": "Ana Diaz", "doctor": format!("doc_{ULID}"),
            "test_name": "Potassium", "test_type": "BLOOD", "value": value, "unit": unit,
            "reference_range": range, "status": status, "ordered_on": "2030-01-07",
            "created_at": at, "updated_at": at, "revision": 1,
        });
        serde_json::from_value(result).unwrap()
    }

    #[test]
    fn a_flag_follows_from_the_number_and_what_is_usual() {
        let usual = Some("3.5-5.0");
        let table = [
            (Some("3.4"), usual, "ABNORMAL"),
            (Some("3.5"), usual, "NORMAL"),
            (Some("5.0"), usual, "NORMAL"),
            (Some("5.1"), usual, "NORMAL"),
            (Some("4.0"), usual, "ABNORMAL"),
            (Some("4.0"), usual, "CRITICAL"),
            (Some("4.0"), usual, "PENDING"),
            (Some("4,0"), usual, "NORMAL"),
            (Some("haemolysed"), usual, "NORMAL"),
            (Some("4.0"), Some("ask the lab"), "NORMAL"),
            (Some("4.0"), None, "NORMAL"),
            (None, usual, "ABNORMAL"),
        ];
        let lines = table.map(|(value, range, status)| {
            let result = result(value, "mmol/L", range, status);
            let flag = result.flag().map_or("·", Flag::as_str);
            format!(
                "{:10} {:11} {status:8} {flag:8} {}",
                value.unwrap_or("·"),
                range.unwrap_or("·"),
                result.is_abnormal()
            )
        });
        insta::assert_snapshot!(lines.join("\n"), @r"
        3.4        3.5-5.0     ABNORMAL LOW      true
        3.5        3.5-5.0     NORMAL   NORMAL   false
        5.0        3.5-5.0     NORMAL   NORMAL   false
        5.1        3.5-5.0     NORMAL   HIGH     true
        4.0        3.5-5.0     ABNORMAL ·        true
        4.0        3.5-5.0     CRITICAL CRITICAL true
        4.0        3.5-5.0     PENDING  ·        false
        4,0        3.5-5.0     NORMAL   ·        false
        haemolysed 3.5-5.0     NORMAL   ·        false
        4.0        ask the lab NORMAL   ·        false
        4.0        ·           NORMAL   ·        false
        ·          3.5-5.0     ABNORMAL ·        true
        ");
    }

    #[test]
    fn results_are_compared_in_the_same_unit_only() {
        let now = |value, unit| result(Some(value), unit, None, "NORMAL");
        let direction =
            |now: &LabResult, before: &LabResult| now.trend(before).map(|trend| trend.direction);
        let before = now("4.10", "mmol/L");

        assert_eq!(direction(&now("4.1", "mmol/l"), &before), Some(Direction::Steady));
        assert_eq!(direction(&now("4.11", "mmol/L"), &before), Some(Direction::Rising));
        assert_eq!(direction(&now("4", " mmol/L "), &before), Some(Direction::Falling));
        assert_eq!(direction(&now("4", "mg/dL"), &before), None);
        assert_eq!(direction(&now("high", "mmol/L"), &before), None);
        let mut another = now("5", "mmol/L");
        another.test_name = Text::known("Sodium");
        assert_eq!(direction(&another, &before), None);
        another.test_name = Text::known(" POTASSIUM ");
        assert_eq!(direction(&another, &before), Some(Direction::Rising));
    }

    #[test]
    fn what_a_result_says_agrees() {
        let mut sound = result(Some("4"), "mmol/L", None, "NORMAL");
        sound.resulted_on = Some(sound.ordered_on);
        assert_eq!(sound.demand_sound(), Ok(()));
        let mut early = sound.clone();
        early.resulted_on = early.ordered_on.yesterday().ok();
        assert_eq!(early.demand_sound(), Err(LabError::ResultTooEarly));
        let empty = LabResult { value: None, ..sound.clone() };
        assert_eq!(empty.demand_sound(), Err(LabError::ValueMissing));
        let pending = LabResult { status: LabStatus::Pending, ..empty };
        assert_eq!((pending.demand_sound(), pending.series_place()), (Ok(()), None));
        assert!(sound.series_place().is_some());
    }
}
