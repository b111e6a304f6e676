//! Patients: who receives care, and who knows them.

use std::{collections::BTreeMap, fmt};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Role, Subject, UserId},
    account::{Account, PersonName, Profile},
    choice::choice,
    contact::{EmailAddress, Phone},
    event::Reference,
    failures,
    revision::{Revised, revised},
    search,
    text::Text,
};

/// How long the record of a patient is kept after it was removed.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 366 * 24);

/// Someone who receives care: the holder of an account, or a person of whom others keep a record.
///
/// Whoever knows the patient stands on the record itself, so one look at it tells who
/// may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// Identifies the patient.
    pub id: PatientId,
    /// The patient's own account, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<UserId>,
    /// What the patient is called.
    pub name: PersonName,
    /// Where the patient reads mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Where the patient reads messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// What else is known of the person.
    #[serde(default)]
    pub profile: Profile,
    /// What is known of the patient's health.
    #[serde(default)]
    pub health: Health,
    /// Who pays.
    #[serde(default)]
    pub insurance: Insurance,
    /// Who entered the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// When the record was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the patient completed their own profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    known_to: BTreeMap<UserId, Grounds>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    absorbed: Vec<Absorbed>,
    #[serde(flatten)]
    standing: Standing,
    revision: Revision,
}

/// Why somebody knows a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grounds {
    /// They care for the patient, for the time being.
    Care,
    /// They keep the record.
    Record,
}

/// Whether the record stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
enum Standing {
    Current,
    /// It was removed, and nobody finds it any more.
    Removed {
        removed_at: Timestamp,
        removed_by: Option<UserId>,
    },
    /// It turned out to be about the same person as another.
    Merged {
        into: PatientId,
        merged_at: Timestamp,
        merged_by: Option<UserId>,
    },
}

choice! {
    /// What two records that may be about one person have in common.
    pub enum Likeness: "a likeness" {
        /// The phone.
        Phone = "PHONE",
        /// The mailbox.
        Email = "EMAIL",
        /// The whole name and the day of birth.
        NameAndBirthday = "NAME_AND_DATE_OF_BIRTH",
    }
}

/// A record that was merged into another, and what the other gained by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Absorbed {
    patient: PatientId,
    /// What had been merged into it before.
    with: Vec<PatientId>,
    known_to: Vec<UserId>,
    health: Health,
    status_before: AllergyStatus,
}

choice! {
    /// What is known about a patient's allergies. Only `NONE_KNOWN` means that somebody asked
    /// and there were none.
    pub enum AllergyStatus: "an allergy status" {
        /// There are some; they are listed or described.
        Known = "KNOWN",
        /// Somebody asked, and there are none.
        NoneKnown = "NONE_KNOWN" | "NKA" | "NONE",
        /// Nobody has asked yet.
        NotRecorded = "NOT_RECORDED",
        /// It could not be found out.
        Unavailable = "UNAVAILABLE" | "UNKNOWN",
    }
}

#[expect(clippy::derivable_impls, reason = "lists of values do not derive one")]
impl Default for AllergyStatus {
    fn default() -> Self {
        Self::NotRecorded
    }
}

choice! {
    /// How badly a patient reacts.
    pub enum AllergySeverity: "a severity" {
        /// Unpleasant.
        Mild = "MILD",
        /// It needs treatment.
        Moderate = "MODERATE",
        /// It threatens life.
        Severe = "SEVERE",
    }
}

choice! {
    /// Where the code of a substance comes from.
    pub enum CodeSystem: "a code system" {
        /// `RxNorm`, of the U.S. National Library of Medicine.
        RxNorm = "RXNORM",
        /// The anatomical therapeutic chemical classes of the WHO.
        Atc = "ATC",
        /// The substance identifiers of the FDA.
        Unii = "UNII",
        /// `SNOMED` CT.
        Snomed = "SNOMED" | "SNOMED_CT",
    }
}

/// A substance that a patient does not bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allergy {
    /// What it is called.
    #[serde(alias = "name")]
    pub substance: Text<200>,
    /// Its code, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<40>>,
    /// Where the code comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<CodeSystem>,
    /// What happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Text<300>>,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<AllergySeverity>,
}

/// What is known of a patient's health, in lists of at most a hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The allergies themselves. The person's own words are in the profile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allergies: Vec<Allergy>,
    /// Illnesses that stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chronic_conditions: Vec<Text<200>>,
    /// Medicines that are taken at present. An entry such as `none` says that there are none; an
    /// empty list says nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub current_medications: Vec<Text<200>>,
}

/// The longest list of a patient's health.
const LONGEST: usize = 100;

/// Who pays for the care of a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Insurance {
    /// The insurer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Text<200>>,
    /// The number of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_number: Option<PolicyNumber>,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
}

/// The number of an insurance policy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PolicyNumber(Text<100>);

impl PolicyNumber {
    /// The number itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The number as lists show it: `***6789`.
    pub fn masked(&self) -> String {
        let letters: Vec<char> = self.0.reveal().chars().collect();
        format!("***{}", letters[letters.len().saturating_sub(4)..].iter().collect::<String>())
    }
}

impl fmt::Debug for PolicyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Allergy {
    /// An allergy of which nothing but the substance is known.
    pub fn named(substance: Text<200>) -> Self {
        Self { substance, code: None, system: None, reaction: None, severity: None }
    }
}

impl Patient {
    /// Enters a record of a person who has no account, kept by `keeper`.
    pub fn enter(name: PersonName, keeper: Option<UserId>, by: &Actor) -> Self {
        let mut patient = Self::blank(Id::generate(by.at), name, by.at);
        patient.created_by = by.user;
        // An admin enters records for others and keeps none.
        let own = by.user.filter(|_| !matches!(by.role(), Some(Role::Admin | Role::Superadmin)));
        patient.known_to =
            own.into_iter().chain(keeper).map(|user| (user, Grounds::Record)).collect();
        patient
    }

    /// The record of somebody who has an account of their own.
    pub fn of_account(account: &Account) -> Self {
        let mut patient = Self::blank(account.id.into(), account.name.clone(), account.created_at);
        patient.account = Some(account.id);
        patient.created_by = Some(account.id);
        patient.follow(account);
        patient
    }

    fn blank(id: PatientId, name: PersonName, now: Timestamp) -> Self {
        Self {
            id,
            account: None,
            name,
            email: None,
            phone: None,
            profile: Profile::default(),
            health: Health::default(),
            insurance: Insurance::default(),
            created_by: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
            known_to: BTreeMap::new(),
            absorbed: Vec::new(),
            standing: Standing::Current,
            revision: Revision::FIRST,
        }
    }

    /// Takes over what the account says of the person. A closed account takes its record along.
    pub fn follow(&mut self, account: &Account) {
        self.name.clone_from(&account.name);
        self.email.clone_from(&account.email);
        self.phone.clone_from(&account.phone);
        self.profile.clone_from(&account.profile);
        self.health.heed(self.profile.allergies.is_some());
        self.updated_at = account.updated_at;
        match (&self.standing, account.is_active()) {
            (Standing::Current, false) => {
                let (removed_at, removed_by) = (account.updated_at, None);
                self.standing = Standing::Removed { removed_at, removed_by };
            }
            (Standing::Removed { .. }, true) => self.standing = Standing::Current,
            (Standing::Merged { .. } | Standing::Current | Standing::Removed { .. }, _) => {}
        }
    }

    /// Whether both say the same of who the person is.
    pub fn is_the_same_person_as(&self, other: &Self) -> bool {
        let person = |patient: &Self| {
            let Self { name, email, phone, profile, .. } = patient.clone();
            (name, email, phone, profile)
        };
        person(self) == person(other)
    }

    /// What makes it likely that both records are about one person.
    pub fn likeness(&self, other: &Self) -> Vec<Likeness> {
        let same_name = search::fold(&self.name.full()) == search::fold(&other.name.full());
        let born = self.profile.date_of_birth;
        let same_birthday = born.is_some() && born == other.profile.date_of_birth;
        let signs = [
            (Likeness::Phone, self.phone.is_some() && self.phone == other.phone),
            (Likeness::Email, self.email.is_some() && self.email == other.email),
            (Likeness::NameAndBirthday, same_name && same_birthday),
        ];
        signs.into_iter().filter_map(|(sign, holds)| holds.then_some(sign)).collect()
    }

    /// Checks that nobody but admins gives somebody else's account another mailbox or phone, as
    /// both lead into it.
    pub fn reaches_whom_it_should(&self, before: &Self, by: &Actor) -> Result<(), PatientError> {
        let kept = self.email == before.email && self.phone == before.phone;
        let own = self.account.is_none() || self.account == by.user;
        let admin = matches!(by.role(), Some(Role::Admin | Role::Superadmin));
        if kept || own || admin { Ok(()) } else { Err(PatientError::ContactOfAccount) }
    }

    /// Whether the record can be found.
    pub fn is_current(&self) -> bool {
        self.standing == Standing::Current
    }

    /// The record that this one was merged into.
    pub fn merged_into(&self) -> Option<PatientId> {
        match self.standing {
            Standing::Merged { into, .. } => Some(into),
            Standing::Current | Standing::Removed { .. } => None,
        }
    }

    /// When a removed record may be destroyed.
    pub fn kept_until(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Removed { removed_at, .. } => Some(removed_at + RETENTION),
            Standing::Current | Standing::Merged { .. } => None,
        }
    }

    /// The patient once somebody has written down an allergy elsewhere: that there are none is no
    /// longer known. `None` if nobody said so.
    #[must_use]
    pub fn doubt_no_allergies(mut self, now: Timestamp) -> Option<Self> {
        let denied = self.health.allergy_status == AllergyStatus::NoneKnown;
        self.health.allergy_status = AllergyStatus::Unavailable;
        self.updated_at = now;
        denied.then_some(self)
    }

    /// Everyone on whose roster the patient stands: nobody once the record is gone.
    pub fn known_to(&self) -> impl Iterator<Item = UserId> {
        self.known_to.keys().copied().filter(|_| self.is_current())
    }

    /// Whether `user` keeps the record.
    pub fn is_kept_by(&self, user: UserId) -> bool {
        self.known_to.get(&user) == Some(&Grounds::Record)
    }

    /// Makes the patient known to `user` on these grounds, or on better ones they have.
    pub fn admit(&mut self, user: UserId, grounds: Grounds) {
        let known = self.known_to.entry(user).or_insert(grounds);
        *known = grounds.max(*known);
    }

    /// Takes the patient off the roster of somebody who cared for them. Who keeps the record
    /// goes on to know them.
    pub fn dismiss(&mut self, user: UserId) {
        self.known_to.retain(|known, grounds| *known != user || *grounds == Grounds::Record);
    }

    /// The records that are this patient now: its own, and those merged into it.
    pub fn parts(&self) -> Vec<PatientId> {
        let merged = self.absorbed.iter().flat_map(|absorbed| {
            std::iter::once(absorbed.patient).chain(absorbed.with.iter().copied())
        });
        std::iter::once(self.id).chain(merged).collect()
    }

    /// Removes the record. Only its keepers and admins may, and not that of an account.
    pub fn remove(self, by: &Actor) -> Result<Self, PatientError> {
        if self.account.is_some() {
            return Err(PatientError::HasAccount);
        }
        if !self.may_be_disposed_of_by(by) {
            return Err(PatientError::NotKeeper);
        }
        let standing = Standing::Removed { removed_at: by.at, removed_by: by.user };
        Ok(Self { standing, updated_at: by.at, ..self })
    }

    fn may_be_disposed_of_by(&self, actor: &Actor) -> bool {
        matches!(actor.role(), Some(Role::Admin | Role::Superadmin))
            || actor.user.is_some_and(|user| self.is_kept_by(user))
    }

    /// Merges `duplicate` into this record: both are about one person. What either knows of
    /// the person's health is known then, and whoever knew one knows both.
    pub fn absorb(mut self, duplicate: Self, by: &Actor) -> Result<(Self, Self), PatientError> {
        if self.id == duplicate.id {
            return Err(PatientError::Itself);
        }
        match (self.account, duplicate.account) {
            (Some(_), Some(_)) => return Err(PatientError::BothHaveAccounts),
            (None, Some(_)) => return Err(PatientError::AccountMustStay),
            (_, None) => {}
        }
        if !self.may_be_disposed_of_by(by) || !duplicate.may_be_disposed_of_by(by) {
            return Err(PatientError::NotKeeper);
        }
        let newly = |user: &UserId| !self.known_to.contains_key(user);
        let absorbed = Absorbed {
            patient: duplicate.id,
            with: duplicate.parts().split_off(1),
            known_to: duplicate.known_to.keys().copied().filter(newly).collect(),
            status_before: self.health.allergy_status,
            health: self.health.learn(&duplicate.all_health()),
        };
        for &user in &absorbed.known_to {
            self.admit(user, duplicate.known_to.get(&user).copied().unwrap_or(Grounds::Care));
        }
        self.absorbed.push(absorbed);
        self.updated_at = by.at;
        let standing = Standing::Merged { into: self.id, merged_at: by.at, merged_by: by.user };
        Ok((self, Self { standing, updated_at: by.at, ..duplicate }))
    }

    /// What is known of the patient's health, with the allergies in words among the others.
    fn all_health(&self) -> Health {
        let mut health = self.health.clone();
        let words =
            self.profile.allergies.iter().flat_map(|words| words.reveal().split([',', ';', '\n']));
        for words in words {
            let letters: Vec<char> = words.trim().chars().collect();
            let substances = letters
                .chunks(200)
                .filter_map(|part| part.iter().collect::<String>().try_into().ok());
            health.allergies.extend(substances.map(Allergy::named));
        }
        health
    }

    /// Undoes the last merge, which was of `duplicate`: what it brought goes with it.
    pub fn part_from(mut self, duplicate: Self, by: &Actor) -> Result<(Self, Self), PatientError> {
        let last = self.absorbed.pop_if(|absorbed| absorbed.patient == duplicate.id);
        let absorbed = last.ok_or(PatientError::NotMerged)?;
        if !self.may_be_disposed_of_by(by) {
            return Err(PatientError::NotKeeper);
        }
        self.known_to.retain(|user, _| !absorbed.known_to.contains(user));
        self.health.forget(&absorbed.health, absorbed.status_before);
        self.updated_at = by.at;
        let duplicate = Self { standing: Standing::Current, updated_at: by.at, ..duplicate };
        Ok((self, duplicate))
    }
}

revised!(Patient);

impl Subject for Patient {
    const VIEW: Action = Action::ViewPatient;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        self.account
    }

    fn is_of(&self, user: UserId) -> bool {
        self.account == Some(user) || self.known_to.contains_key(&user)
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.id)
    }
}

impl Health {
    /// Checks that the lists are short and agree with the allergy status, given whether
    /// there are allergies in words. Whoever names an allergy and no status means `KNOWN`.
    pub fn settle(&mut self, in_words: bool) -> Result<(), PatientError> {
        let named = in_words || !self.allergies.is_empty();
        let lists =
            [self.allergies.len(), self.chronic_conditions.len(), self.current_medications.len()];
        if lists.into_iter().any(|length| length > LONGEST) {
            return Err(PatientError::TooMany);
        }
        match (self.allergy_status, named) {
            (AllergyStatus::NotRecorded, true) => self.allergy_status = AllergyStatus::Known,
            (AllergyStatus::Known, false) => return Err(PatientError::AllergiesMissing),
            (AllergyStatus::NoneKnown | AllergyStatus::Unavailable, true) => {
                return Err(PatientError::AllergiesContradict);
            }
            (_, _) => {}
        }
        Ok(())
    }

    /// Heeds what the person wrote about allergies elsewhere: words make them known, and without
    /// any left nobody can say.
    fn heed(&mut self, in_words: bool) {
        if in_words {
            self.allergy_status = AllergyStatus::Known;
        } else if self.allergies.is_empty() && self.allergy_status == AllergyStatus::Known {
            self.allergy_status = AllergyStatus::NotRecorded;
        }
    }

    /// Lets the allergy status follow from the allergies, for those who do not name one.
    pub fn infer_status(&mut self, in_words: bool) {
        let named = in_words || !self.allergies.is_empty();
        self.allergy_status = match (self.allergy_status, named) {
            (_, true) => AllergyStatus::Known,
            (AllergyStatus::Known, false) => AllergyStatus::NotRecorded,
            (status, false) => status,
        };
    }

    /// Whether the words, or the entry of a list, say that there is nothing to name.
    pub fn none_meant_by<const MAX: usize>(words: &Text<MAX>) -> bool {
        let folded = search::fold(words.reveal());
        let said = folded.trim_end_matches('.');
        ["none", "none known", "no", "nil", "nka", "nkda", "no allergies", "no known allergies"]
            .contains(&said)
    }

    /// Learns what `other` knows, and says what of it is new.
    fn learn(&mut self, other: &Self) -> Self {
        let news = Self {
            allergy_status: other.allergy_status,
            allergies: new_to(&mut self.allergies, &other.allergies),
            chronic_conditions: new_to(&mut self.chronic_conditions, &other.chronic_conditions),
            current_medications: new_to(&mut self.current_medications, &other.current_medications),
        };
        // An allergy that one record knows is known, whatever the other says.
        self.allergy_status = match (self.allergy_status, other.allergy_status) {
            (AllergyStatus::Known, _) | (_, AllergyStatus::Known) => AllergyStatus::Known,
            (AllergyStatus::NoneKnown, AllergyStatus::NoneKnown) => AllergyStatus::NoneKnown,
            (AllergyStatus::NotRecorded, AllergyStatus::NotRecorded) => AllergyStatus::NotRecorded,
            (_, _) => AllergyStatus::Unavailable,
        };
        news
    }

    fn forget(&mut self, news: &Self, status: AllergyStatus) {
        self.allergies.retain(|allergy| !news.allergies.contains(allergy));
        self.chronic_conditions.retain(|condition| !news.chronic_conditions.contains(condition));
        self.current_medications.retain(|medicine| !news.current_medications.contains(medicine));
        // What was learnt since then stays.
        if self.allergies.is_empty() || status == AllergyStatus::Known {
            self.allergy_status = status;
        }
    }
}

fn new_to<T: Clone + PartialEq>(known: &mut Vec<T>, told: &[T]) -> Vec<T> {
    let news: Vec<T> = told.iter().filter(|fact| !known.contains(fact)).cloned().collect();
    known.extend(news.iter().cloned());
    news
}

/// The list of the patients whom one person knows, or, for nobody, of all patients of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Whose list it is.
    pub keeper: Option<UserId>,
}

impl Roster {
    /// The list that `actor` looks at: an admin's is that of the hub.
    pub fn of(actor: &Actor) -> Self {
        let admin = matches!(actor.role(), Some(Role::Admin | Role::Superadmin));
        Self { keeper: actor.user.filter(|_| !admin) }
    }

    /// Whether a patient stands on it.
    pub fn holds(self, patient: &Patient) -> bool {
        patient.is_current()
            && self.keeper.is_none_or(|keeper| patient.known_to.contains_key(&keeper))
    }
}

impl Subject for Roster {
    const VIEW: Action = Action::ListPatients;

    fn reference(&self) -> Reference {
        self.keeper.map_or_else(Reference::hub, Reference::from)
    }

    fn owner(&self) -> Option<UserId> {
        self.keeper
    }
}

failures! {
    /// Why a patient's record cannot be entered or changed.
    pub enum PatientError {
        Stale = Conflict "patient-stale" "the patient's record changed in the meantime",
        ProfileExists = Conflict "profile-exists" "the profile was completed before; change it instead",
        HasAccount = Conflict "patient-has-account" "the patient has an account; an admin can close that instead",
        ContactOfAccount = Forbidden "contact-of-account" "patients with an account change their own mailbox and phone",
        NotKeeper = Forbidden "not-keeper" "only who keeps the record may do this",
        Itself = Invalid "merge-with-itself" "a record cannot be merged with itself",
        BothHaveAccounts = Conflict "both-have-accounts" "both patients have accounts of their own",
        AccountMustStay = Conflict "account-must-stay" "the record with an account must be the one that stays",
        NotMerged = Conflict "not-merged" "this was not the last record merged into the other",
        AllergiesMissing = Invalid "allergies-missing" "an allergy status of KNOWN needs an allergy",
        AllergiesContradict = Invalid "allergies-contradict" "the allergy status says that none are known, but there is one",
        TooMany = Invalid "too-many-entries" "a list has at most 100 entries",
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::access::Origin;

    fn admin() -> Actor {
        let origin =
            Origin { address: IpAddr::from([127, 0, 0, 1]), device: None, request: String::new() };
        let mut admin = Actor::visitor(origin, Timestamp::UNIX_EPOCH);
        admin.part = crate::access::Part::Member(Role::Admin);
        admin
    }

    fn user(number: u128) -> UserId {
        ulid::Ulid::from(number).into()
    }

    fn patient(first: &str, keeper: u128) -> Patient {
        let name = PersonName::split(Text::known(first));
        Patient::enter(name, Some(user(keeper)), &admin())
    }

    fn health() -> impl Strategy<Value = Health> {
        let status = prop::sample::select(AllergyStatus::ALL);
        let words = || prop::collection::vec("[a-c]", 0..3);
        (status, words(), words(), words()).prop_map(
            |(status, allergies, conditions, medicines)| {
                let allergy = |substance: String| Allergy::named(Text::known(&substance));
                let texts =
                    |words: Vec<String>| words.iter().map(|word| Text::known(word)).collect();
                // Records whose status contradicts their allergies are never kept.
                let status = match (status, allergies.is_empty()) {
                    (_, false) => AllergyStatus::Known,
                    (AllergyStatus::Known, true) => AllergyStatus::NotRecorded,
                    (status, true) => status,
                };
                Health {
                    allergy_status: status,
                    allergies: allergies.into_iter().map(allergy).collect(),
                    chronic_conditions: texts(conditions),
                    current_medications: texts(medicines),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_merge_forgets_nothing_and_undoing_it_restores_both(one in health(), other in health(), words in "[a-z,]{0,9}") {
            let (mut ana, mut anna) = (patient("Ana", 1), patient("Anna", 2));
            (ana.health, anna.health) = (one, other);
            anna.profile.allergies = words.try_into().ok();

            let (merged, gone) = ana.clone().absorb(anna.clone(), &admin()).unwrap();
            prop_assert!(anna.all_health().allergies.iter().all(|a| merged.health.allergies.contains(a)));
            prop_assert!(ana.health.allergies.iter().all(|a| merged.health.allergies.contains(a)));
            prop_assert_eq!(gone.merged_into(), Some(ana.id));
            prop_assert!(merged.is_of(user(1)) && merged.is_of(user(2)));
            prop_assert_eq!(merged.parts(), vec![ana.id, anna.id]);

            let (ana_again, anna_again) = merged.part_from(gone, &admin()).unwrap();
            prop_assert_eq!(ana_again, ana);
            prop_assert_eq!(anna_again, anna);
        }
    }

    #[test]
    fn a_record_is_merged_once_and_freed_from_where_it_went() {
        let (ana, anna, carl) = (patient("Ana", 1), patient("Anna", 2), patient("Carl", 3));
        let (anna, carl) = anna.absorb(carl, &admin()).unwrap();
        let (ana, anna) = ana.absorb(anna, &admin()).unwrap();
        assert_eq!(ana.parts(), [ana.id, anna.id, carl.id]);
        assert_eq!(ana.clone().part_from(carl, &admin()), Err(PatientError::NotMerged));
        assert_eq!(ana.clone().absorb(ana, &admin()), Err(PatientError::Itself));
    }

    #[test]
    fn an_allergy_status_agrees_with_the_allergies() {
        let health = |allergy_status| Health { allergy_status, ..Health::default() };
        let settle = |status, in_words| {
            let mut health = health(status);
            health.settle(in_words).map(|()| health.allergy_status)
        };
        assert_eq!(settle(AllergyStatus::NotRecorded, true), Ok(AllergyStatus::Known));
        assert_eq!(settle(AllergyStatus::NoneKnown, false), Ok(AllergyStatus::NoneKnown));
        assert_eq!(settle(AllergyStatus::NoneKnown, true), Err(PatientError::AllergiesContradict));
        assert_eq!(settle(AllergyStatus::Known, false), Err(PatientError::AllergiesMissing));
    }

    #[test]
    fn an_allergy_that_is_told_elsewhere_is_a_doubt_only_where_there_were_none() {
        let doubted = |status| {
            let mut anna = patient("Anna", 1);
            anna.health.allergy_status = status;
            anna.doubt_no_allergies(Timestamp::UNIX_EPOCH).map(|anna| anna.health.allergy_status)
        };
        assert_eq!(doubted(AllergyStatus::NoneKnown), Some(AllergyStatus::Unavailable));
        let others = [AllergyStatus::Known, AllergyStatus::NotRecorded, AllergyStatus::Unavailable];
        assert!(others.into_iter().all(|status| doubted(status).is_none()));
    }
}
