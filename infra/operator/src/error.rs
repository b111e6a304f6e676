//! Why a command fails.

use std::error::Error;

use carehub_api::passwords::DigestError;
use carehub_domain::{
    access::Denied,
    account::AccountError,
    care::CareError,
    contact::BadContact,
    department::DepartmentError,
    doctor::DoctorError,
    hospital::{HospitalError, RegistrationError},
    password::WeakPassword,
    patient::PatientError,
};
use carehub_objects::ObjectsError;
use carehub_store::{StoreError, WriteError};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The password is not fit to be kept.
    #[error("the password {0}")]
    Password(#[from] WeakPassword),
    /// The digest could not be made.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// An address or a phone cannot be read.
    #[error(transparent)]
    Contact(#[from] BadContact),
    /// The policy says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The account cannot be written.
    #[error(transparent)]
    Account(#[from] WriteError<AccountError>),
    /// The hospital cannot be registered.
    #[error(transparent)]
    Registration(#[from] WriteError<RegistrationError>),
    /// The hospital cannot be written.
    #[error(transparent)]
    Hospital(#[from] WriteError<HospitalError>),
    /// The hospital is in another state.
    #[error(transparent)]
    State(#[from] HospitalError),
    /// The department cannot be written.
    #[error(transparent)]
    Department(#[from] WriteError<DepartmentError>),
    /// The doctor cannot be written.
    #[error(transparent)]
    Doctor(#[from] WriteError<DoctorError>),
    /// The record of a patient cannot be written.
    #[error(transparent)]
    Patient(#[from] WriteError<PatientError>),
    /// The record of a patient cannot be removed.
    #[error(transparent)]
    Removal(#[from] PatientError),
    /// The care assignment cannot be written.
    #[error(transparent)]
    Care(#[from] WriteError<CareError>),
    /// The tables cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The checkpoints of the audit log cannot be read.
    #[error("the checkpoints of the audit log cannot be read")]
    Objects(#[from] ObjectsError),
    /// The queues cannot be read.
    #[error("the queues cannot be read")]
    Queues(#[source] Box<dyn Error + Send + Sync>),
    /// No dead letters are called so.
    #[error("there are no dead letters of {0}; `carehub dlq list` names those that there are")]
    NoDeadLetters(String),
    /// Dead letters were never on a queue.
    #[error("what is in {0} never was on a queue; docs/OPERATIONS.md says what to do about it")]
    NotOfAQueue(String),
    /// Dead letters were not sent back, or not all.
    #[error("not all dead letters could be sent back: {0}")]
    Redrive(String),
    /// A fact of the demonstration is not sound.
    #[error("the demonstration holds a fact that the hub refuses")]
    Demonstration,
}
