//! The policy: one row per action, one column per part.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Part, Role};

/// How far a right to act extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No record at all.
    Nothing,
    /// Records of the actor.
    Own,
    /// Records of the actor and of the actor's hospital.
    Hospital,
    /// The same, and whatever is published to everyone.
    Published,
    /// Records of the actor and all that rank no higher.
    Rank,
    /// Every record.
    All,
}

macro_rules! policy {
    ($($(#[$meta:meta])* $action:ident $code:literal [$($cell:ident)+],)+) => {
        /// Something an actor may try to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$meta])* $action,)+
        }

        impl Action {
            /// Every action, in the order of the policy.
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// The action as the audit log writes it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$action => $code,)+ }
            }

            fn row(self) -> [Reach; 8] {
                match self { $(Self::$action => [$($cell),+],)+ }
            }
        }
    };
}

const __: Reach = Reach::Nothing;
const OWN: Reach = Reach::Own;
const HSP: Reach = Reach::Hospital;
const PUB: Reach = Reach::Published;
const RNK: Reach = Reach::Rank;
const ALL: Reach = Reach::All;

policy! {
    //                                            visitor doctor coordinator superadmin
    //                                                patient hospital admin     worker
    /// See an account.
    ViewAccount           "USER_VIEWED"             [__  OWN OWN OWN OWN RNK ALL __],
    /// List and search accounts.
    ListAccounts          "USERS_LISTED"            [__  __  __  __  __  ALL ALL __],
    /// Open an account.
    CreateAccount         "USER_CREATED"            [RNK __  __  HSP __  RNK ALL __],
    /// Change what an account says of its holder.
    EditAccount           "USER_UPDATED"            [__  OWN OWN OWN OWN RNK ALL __],
    /// Change the role or the standing of an account.
    AdministerAccount     "USER_ADMINISTERED"       [__  __  __  __  __  RNK ALL __],
    /// Close an account.
    DeleteAccount         "USER_DELETED"            [__  __  __  __  __  RNK ALL __],
    /// Hand out a generated password, once.
    ReturnPassword        "PASSWORD_RETURNED"       [__  __  __  HSP __  RNK ALL __],

    /// Try to sign in and fail.
    FailSignIn            "LOGIN_FAILED"            [ALL __  __  __  __  __  __  __],
    /// Begin a session.
    SignIn                "LOGIN"                   [__  OWN OWN OWN OWN OWN OWN __],
    /// See a session.
    ViewSession           "SESSION_VIEWED"          [__  OWN OWN OWN OWN OWN OWN __],
    /// Renew a session.
    RefreshSession        "TOKEN_REFRESHED"         [__  OWN OWN OWN OWN OWN OWN __],
    /// Present a refresh token that was already used: the session ends.
    ReuseToken            "TOKEN_REUSED"            [__  OWN OWN OWN OWN OWN OWN __],
    /// End the session one acts in.
    SignOut               "LOGOUT"                  [__  OWN OWN OWN OWN OWN OWN __],
    /// End other sessions of the account.
    EndSession            "SESSION_ENDED"           [__  OWN OWN OWN OWN OWN OWN __],
    /// Take a ticket for a live connection.
    TakeTicket            "TICKET_CREATED"          [__  OWN OWN OWN OWN OWN OWN __],
    /// Open a live connection with it.
    Connect               "CONNECTION_OPENED"       [__  OWN OWN OWN OWN OWN OWN __],
    /// Replace the password.
    ChangePassword        "PASSWORD_CHANGED"        [__  OWN OWN OWN OWN OWN OWN __],
    /// Replace a forgotten password, with a one-time code.
    ResetPassword         "PASSWORD_RESET"          [__  OWN OWN OWN OWN OWN OWN __],

    /// Ask for a one-time code.
    RequestCode           "OTP_REQUESTED"           [ALL __  OWN __  __  __  __  __],
    /// Enter a wrong or dead one-time code.
    FailCode              "OTP_REJECTED"            [ALL __  OWN __  __  __  __  __],
    /// Enter the code that a patient read out, and so open the repository.
    VerifyCode            "OTP_VERIFIED"            [__  __  OWN __  __  __  __  __],
    /// See who may read a patient's repository.
    ViewGrant             "GRANT_VIEWED"            [__  OWN OWN __  __  __  __  __],
    /// Close the repository to a doctor again.
    RevokeGrant           "ACCESS_REVOKED"          [__  OWN __  __  __  __  __  __],

    /// Apply for a hospital to join.
    RegisterHospital      "HOSPITAL_CREATED"        [ALL __  __  __  __  __  __  __],
    /// See a hospital.
    ViewHospital          "HOSPITAL_VIEWED"         [__  PUB PUB PUB PUB ALL ALL ALL],
    /// List hospitals that are not approved.
    ListHospitals         "HOSPITALS_LISTED"        [__  __  __  __  __  ALL ALL __],
    /// Change what a hospital says of itself.
    EditHospital          "HOSPITAL_UPDATED"        [__  __  __  OWN __  ALL ALL __],
    /// Let a hospital join.
    ApproveHospital       "HOSPITAL_APPROVED"       [__  __  __  __  __  ALL ALL __],
    /// Turn a hospital away.
    RejectHospital        "HOSPITAL_REJECTED"       [__  __  __  __  __  ALL ALL __],
    /// Remove a hospital.
    DeleteHospital        "HOSPITAL_DELETED"        [__  __  __  __  __  ALL ALL __],

    /// See a department.
    ViewDepartment        "DEPARTMENT_VIEWED"       [__  PUB PUB PUB PUB ALL ALL __],
    /// Open a department.
    CreateDepartment      "DEPARTMENT_CREATED"      [__  __  __  HSP __  ALL ALL __],
    /// Rename or describe a department.
    EditDepartment        "DEPARTMENT_UPDATED"      [__  __  __  HSP __  ALL ALL __],
    /// Close a department.
    DeleteDepartment      "DEPARTMENT_DELETED"      [__  __  __  HSP __  ALL ALL __],

    /// See a doctor.
    ViewDoctor            "DOCTOR_VIEWED"           [__  PUB PUB PUB PUB ALL ALL ALL],
    /// Add a doctor.
    CreateDoctor          "DOCTOR_CREATED"          [__  __  OWN HSP OWN ALL ALL __],
    /// Change a doctor's profile, hours and career.
    EditDoctor            "DOCTOR_UPDATED"          [__  __  OWN HSP OWN ALL ALL __],
    /// Take a doctor out of the directory.
    DeleteDoctor          "DOCTOR_DELETED"          [__  __  OWN HSP OWN ALL ALL __],
    /// Vouch for a doctor.
    VerifyDoctor          "DOCTOR_VERIFIED"         [__  __  __  HSP __  ALL ALL __],
    /// Keep the rating that patients gave a doctor.
    RateDoctor            "DOCTOR_RATED"            [__  __  __  __  __  __  __  ALL],
    /// See the totals of a doctor.
    ViewPractice          "PRACTICE_VIEWED"         [__  __  OWN HSP __  ALL ALL __],

    /// List and search the patients one knows.
    ListPatients          "PATIENTS_LISTED"         [__  __  OWN OWN OWN ALL ALL __],
    /// See a patient's record.
    ViewPatient           "PATIENT_VIEWED"          [__  OWN OWN OWN OWN ALL ALL ALL],
    /// Enter a patient's record.
    CreatePatient         "PATIENT_CREATED"         [__  __  OWN OWN OWN ALL ALL __],
    /// Take over the records of many patients from elsewhere.
    ImportPatients        "PATIENTS_IMPORTED"       [__  __  __  OWN __  ALL ALL __],
    /// Change a patient's record.
    EditPatient           "PATIENT_UPDATED"         [__  OWN OWN OWN OWN ALL ALL __],
    /// Remove a patient's record.
    DeletePatient         "PATIENT_DELETED"         [__  __  OWN OWN OWN ALL ALL __],
    /// Say that two records are about one person.
    MergePatients         "PATIENTS_MERGED"         [__  __  __  OWN __  ALL ALL __],
    /// Say that they are not.
    UnmergePatients       "PATIENTS_UNMERGED"       [__  __  __  OWN __  ALL ALL __],
    /// Read a note about a patient whose record one may see.
    ViewNote              "NOTE_VIEWED"             [__  PUB ALL ALL ALL ALL ALL __],
    /// Write a note.
    CreateNote            "NOTE_CREATED"            [__  __  OWN OWN OWN ALL ALL __],
    /// Change a note.
    EditNote              "NOTE_UPDATED"            [__  __  OWN OWN OWN ALL ALL __],
    /// Remove a note.
    DeleteNote            "NOTE_DELETED"            [__  __  OWN OWN OWN ALL ALL __],

    /// See who cares for a patient.
    ViewAssignment        "ASSIGNMENT_VIEWED"       [__  OWN OWN HSP OWN ALL ALL ALL],
    /// Put a patient into a doctor's care.
    CreateAssignment      "ASSIGNMENT_CREATED"      [__  __  OWN HSP OWN ALL ALL __],
    /// Change the status of the care or what is said about it.
    EditAssignment        "ASSIGNMENT_UPDATED"      [__  __  OWN HSP OWN ALL ALL __],
    /// Take a patient out of a doctor's care.
    DeleteAssignment      "ASSIGNMENT_DELETED"      [__  __  OWN HSP OWN ALL ALL __],

    /// Read a review.
    ViewReview            "REVIEW_VIEWED"           [__  PUB PUB PUB PUB ALL ALL ALL],
    /// Review a doctor whom one has visited.
    CreateReview          "REVIEW_CREATED"          [__  OWN __  __  __  __  __  __],
    /// Say something else.
    EditReview            "REVIEW_UPDATED"          [__  OWN __  __  __  __  __  __],
    /// Withdraw a review.
    DeleteReview          "REVIEW_DELETED"          [__  OWN __  __  __  ALL ALL __],
    /// Decide whether others may read a review.
    ModerateReview        "REVIEW_MODERATED"        [__  __  __  __  __  ALL ALL __],

    /// See an appointment.
    ViewAppointment       "APPOINTMENT_VIEWED"      [__  OWN OWN HSP OWN ALL ALL ALL],
    /// List the appointments of oneself, of a hospital or of all.
    ListAppointments      "APPOINTMENTS_LISTED"     [__  OWN OWN OWN OWN ALL ALL __],
    /// Ask for an appointment or take a free time.
    CreateAppointment     "APPOINTMENT_CREATED"     [__  OWN OWN HSP OWN ALL ALL __],
    /// Change what an appointment is about.
    EditAppointment       "APPOINTMENT_UPDATED"     [__  OWN OWN HSP OWN ALL ALL __],
    /// Give a department's request to a doctor.
    AssignDoctor          "DOCTOR_ASSIGNED"         [__  __  __  HSP __  ALL ALL __],
    /// Agree to an appointment.
    ConfirmAppointment    "APPOINTMENT_CONFIRMED"   [__  __  OWN HSP __  ALL ALL __],
    /// Note that the patient is here.
    CheckIn               "APPOINTMENT_CHECKED_IN"  [__  OWN OWN HSP __  ALL ALL __],
    /// Begin a visit.
    StartVisit            "APPOINTMENT_STARTED"     [__  __  OWN __  __  ALL ALL __],
    /// End a visit.
    CompleteVisit         "APPOINTMENT_COMPLETED"   [__  __  OWN HSP __  ALL ALL ALL],
    /// Call an appointment off.
    CancelAppointment     "APPOINTMENT_CANCELLED"   [__  OWN OWN HSP OWN ALL ALL __],
    /// Move an appointment to another time.
    RescheduleAppointment "APPOINTMENT_RESCHEDULED" [__  OWN OWN HSP OWN ALL ALL __],
    /// Note that the patient did not come.
    MissAppointment       "APPOINTMENT_MISSED"      [__  __  OWN HSP __  ALL ALL ALL],
    /// Close an appointment that never came to be and is long past.
    ExpireAppointment     "APPOINTMENT_EXPIRED"     [__  __  __  __  __  __  __  ALL],

    /// See what is kept for oneself.
    ViewHold              "HOLD_VIEWED"             [__  OWN __  __  __  __  __  __],
    /// Keep a free time for a while.
    HoldSlot              "HOLD_CREATED"            [__  OWN __  __  __  __  __  __],
    /// Give it up.
    ReleaseSlot           "HOLD_DELETED"            [__  OWN __  __  __  __  __  __],
    /// See who waits for a day of a doctor.
    ViewWaitlist          "WAITLIST_VIEWED"         [__  OWN OWN HSP __  ALL ALL ALL],
    /// Wait for a day of a doctor.
    JoinWaitlist          "WAITLIST_JOINED"         [__  OWN __  __  __  __  __  __],
    /// Wait no longer.
    LeaveWaitlist         "WAITLIST_LEFT"           [__  OWN __  __  __  __  __  __],
    /// Offer a time that has become free to the next who waits.
    OfferSlot             "WAITLIST_OFFERED"        [__  __  __  __  __  __  __  ALL],
    /// Take an offer back that was not taken in time.
    LapseOffer            "WAITLIST_LAPSED"         [__  __  __  __  __  __  __  ALL],

    /// See how a doctor's queue moves, in numbers.
    ViewQueue             "QUEUE_VIEWED"            [__  PUB PUB PUB __  ALL ALL __],
    /// See somebody's token.
    ViewToken             "TOKEN_VIEWED"            [__  OWN OWN HSP __  ALL ALL __],
    /// Take a token.
    TakeToken             "TOKEN_CREATED"           [__  OWN OWN HSP __  ALL ALL __],
    /// Say that somebody who took a token is there.
    CheckInToken          "TOKEN_CHECKED_IN"        [__  OWN OWN HSP __  ALL ALL __],
    /// Take a token back.
    LeaveQueue            "TOKEN_LEFT"              [__  OWN OWN HSP __  ALL ALL __],
    /// Call whoever is next.
    CallNext              "TOKEN_CALLED"            [__  __  OWN HSP __  ALL ALL __],

    /// Read the clinical side of a visit.
    ViewConsultation      "CONSULTATION_VIEWED"     [__  OWN OWN HSP __  ALL ALL ALL],
    /// Tell a symptom.
    CreateSymptom         "SYMPTOM_CREATED"         [__  OWN OWN __  __  ALL ALL __],
    /// Change a symptom.
    EditSymptom           "SYMPTOM_UPDATED"         [__  OWN OWN __  __  ALL ALL __],
    /// Remove a symptom.
    DeleteSymptom         "SYMPTOM_DELETED"         [__  OWN OWN __  __  ALL ALL __],
    /// Make a diagnosis.
    CreateDiagnosis       "DIAGNOSIS_CREATED"       [__  __  OWN __  __  ALL ALL __],
    /// Change a diagnosis.
    EditDiagnosis         "DIAGNOSIS_UPDATED"       [__  __  OWN __  __  ALL ALL __],
    /// Remove a diagnosis.
    DeleteDiagnosis       "DIAGNOSIS_DELETED"       [__  __  OWN __  __  ALL ALL __],
    /// Write down the vital signs.
    CreateVitalSigns      "VITAL_SIGNS_CREATED"     [__  __  OWN __  __  ALL ALL __],
    /// Change the vital signs.
    EditVitalSigns        "VITAL_SIGNS_UPDATED"     [__  __  OWN __  __  ALL ALL __],
    /// Remove the vital signs.
    DeleteVitalSigns      "VITAL_SIGNS_DELETED"     [__  __  OWN __  __  ALL ALL __],
    /// Write a note into a visit.
    CreateRemark          "CONSULTATION_NOTE_CREATED" [__  OWN OWN __  __  ALL ALL __],
    /// Change a note of a visit.
    EditRemark            "CONSULTATION_NOTE_UPDATED" [__  OWN OWN __  __  ALL ALL __],
    /// Remove a note of a visit.
    DeleteRemark          "CONSULTATION_NOTE_DELETED" [__  OWN OWN __  __  ALL ALL __],

    /// See how far a file that one uploads has come.
    ViewUpload            "UPLOAD_VIEWED"           [__  OWN OWN OWN OWN OWN OWN ALL],
    /// Upload a file, or announce one.
    CreateUpload          "FILE_UPLOADED"           [__  OWN OWN OWN OWN OWN OWN __],
    /// Find that a file is what it says it is.
    ClearFile             "FILE_CLEARED"            [__  __  __  __  __  __  __  ALL],
    /// Find that it is not, or that it did not arrive.
    RejectFile            "FILE_REJECTED"           [__  __  __  __  __  __  __  ALL],
    /// Delete a file that belongs to no document.
    DeleteFile            "FILE_DELETED"            [__  __  __  __  __  __  __  ALL],

    /// See what is kept of a patient's health.
    ViewRepository        "REPOSITORY_VIEWED"       [__  OWN OWN HSP __  ALL ALL __],
    /// See a document.
    ViewDocument          "DOCUMENT_VIEWED"         [__  OWN OWN HSP OWN ALL ALL __],
    /// Get a link to the file of a document.
    DownloadFile          "FILE_DOWNLOADED"         [__  OWN OWN HSP OWN ALL ALL __],
    /// File a document.
    CreateDocument        "DOCUMENT_CREATED"        [__  OWN OWN HSP OWN ALL ALL __],
    /// Change what is said about a document.
    EditDocument          "DOCUMENT_UPDATED"        [__  OWN OWN HSP OWN ALL ALL __],
    /// Remove a document.
    DeleteDocument        "DOCUMENT_DELETED"        [__  OWN OWN HSP OWN ALL ALL __],
    /// Say whether a document is genuine.
    VerifyDocument        "DOCUMENT_VERIFIED"       [__  __  __  HSP __  ALL ALL __],
    /// Open a repository in an emergency, without asking the patient.
    BreakGlass            "EMERGENCY_ACCESS_OPENED" [__  __  OWN __  __  __  __  __],
    /// List the emergencies of oneself, of a hospital or of all.
    ListEmergencies       "EMERGENCY_ACCESSES_LISTED" [__ OWN OWN OWN __ ALL ALL __],
    /// See why a repository was opened in an emergency.
    ViewEmergency         "EMERGENCY_ACCESS_VIEWED" [__  OWN OWN HSP __  ALL ALL ALL],
    /// Say whether it was right to open it.
    ReviewEmergency       "EMERGENCY_ACCESS_REVIEWED" [__ __ __ HSP __ ALL ALL __],

    /// See a health record.
    ViewHealthRecord      "HEALTH_RECORD_VIEWED"    [__  OWN OWN HSP __  RNK RNK __],
    /// List the health records of oneself, of a hospital or of all.
    ListHealthRecords     "HEALTH_RECORDS_LISTED"   [__  OWN OWN OWN __  ALL ALL __],
    /// Write a health record.
    CreateHealthRecord    "HEALTH_RECORD_CREATED"   [__  OWN OWN HSP __  RNK RNK __],
    /// Change a health record.
    EditHealthRecord      "HEALTH_RECORD_UPDATED"   [__  OWN OWN HSP __  RNK RNK __],
    /// Remove a health record.
    DeleteHealthRecord    "HEALTH_RECORD_DELETED"   [__  OWN OWN HSP __  RNK RNK __],
    /// Read what doctors say about a health record that one may see.
    ViewAnnotation        "ANNOTATION_VIEWED"       [__  ALL ALL ALL __  ALL ALL __],
    /// Say something about a health record.
    CreateAnnotation      "ANNOTATION_ADDED"        [__  __  OWN __  __  __  __  __],
    /// Say something else.
    EditAnnotation        "ANNOTATION_UPDATED"      [__  __  OWN __  __  __  __  __],
    /// Withdraw what was said.
    DeleteAnnotation      "ANNOTATION_DELETED"      [__  __  OWN __  __  __  __  __],
    /// See the medical record of a visit.
    ViewMedicalRecord     "MEDICAL_RECORD_VIEWED"   [__  OWN OWN HSP __  ALL ALL __],
    /// List the medical records of oneself, of a hospital or of all.
    ListMedicalRecords    "MEDICAL_RECORDS_LISTED"  [__  OWN OWN OWN __  ALL ALL __],
    /// Write the medical record of a visit.
    CreateMedicalRecord   "MEDICAL_RECORD_CREATED"  [__  __  OWN __  __  ALL ALL __],
    /// Change the medical record of a visit.
    EditMedicalRecord     "MEDICAL_RECORD_UPDATED"  [__  __  OWN __  __  ALL ALL __],
    /// See the result of a test.
    ViewLabResult         "LAB_RESULT_VIEWED"       [__  OWN OWN HSP __  ALL ALL __],
    /// List the results of oneself, of a hospital or of all.
    ListLabResults        "LAB_RESULTS_LISTED"      [__  OWN OWN OWN __  ALL ALL __],
    /// Write down the result of a test.
    CreateLabResult       "LAB_RESULT_CREATED"      [__  __  OWN HSP __  ALL ALL __],
    /// Change the result of a test.
    EditLabResult         "LAB_RESULT_UPDATED"      [__  __  OWN HSP __  ALL ALL __],

    /// Send a prescription to a pharmacy.
    SendPrescription      "PRESCRIPTION_SENT"       [__  OWN OWN HSP __  ALL ALL __],
    /// See a template of prescriptions.
    ViewTemplate          "TEMPLATE_VIEWED"         [__  __  OWN __  __  __  __  __],
    /// Keep a template of prescriptions.
    CreateTemplate        "TEMPLATE_CREATED"        [__  __  OWN __  __  __  __  __],
    /// Change a template of prescriptions.
    EditTemplate          "TEMPLATE_UPDATED"        [__  __  OWN __  __  __  __  __],
    /// Remove a template of prescriptions.
    DeleteTemplate        "TEMPLATE_DELETED"        [__  __  OWN __  __  __  __  __],
    /// See of which medicines somebody wants to be reminded.
    ViewReminder          "REMINDER_VIEWED"         [__  OWN __  __  __  ALL ALL ALL],
    /// Be reminded of a medicine.
    CreateReminder        "REMINDER_CREATED"        [__  OWN __  __  __  ALL ALL __],
    /// Change a reminder of a medicine.
    EditReminder          "REMINDER_UPDATED"        [__  OWN __  __  __  ALL ALL __],
    /// Be reminded of a medicine no longer.
    DeleteReminder        "REMINDER_DELETED"        [__  OWN __  __  __  ALL ALL __],
    /// See whether a patient takes what was prescribed.
    ViewAdherence         "ADHERENCE_VIEWED"        [__  OWN OWN HSP __  ALL ALL __],
    /// Tell what became of a dose.
    TellAdherence         "ADHERENCE_RECORDED"      [__  OWN __  __  __  __  __  __],
    /// Take back what one told of a dose.
    DeleteAdherence       "ADHERENCE_DELETED"       [__  OWN __  __  __  __  __  __],

    /// Read a prescription.
    ViewPrescription      "PRESCRIPTION_VIEWED"     [__  OWN OWN HSP __  ALL ALL ALL],
    /// List the prescriptions of oneself, of a hospital or of all.
    ListPrescriptions     "PRESCRIPTIONS_LISTED"    [__  OWN OWN OWN __  ALL ALL __],
    /// Prescribe, for a patient or at a visit.
    CreatePrescription    "PRESCRIPTION_CREATED"    [__  __  OWN __  __  __  __  __],
    /// Change what a prescription says.
    EditPrescription      "PRESCRIPTION_UPDATED"    [__  __  OWN __  __  __  __  __],
    /// Withdraw a prescription.
    CancelPrescription    "PRESCRIPTION_CANCELLED"  [__  __  OWN __  __  ALL ALL __],
    /// Note that the medicines were handed out.
    DispensePrescription  "PRESCRIPTION_DISPENSED"  [__  __  OWN HSP __  ALL ALL __],
    /// Note that the patient needs a prescription no longer.
    CompletePrescription  "PRESCRIPTION_COMPLETED"  [__  __  OWN __  __  ALL ALL __],
    /// Tell a patient to take a medicine no longer.
    StopMedication        "MEDICATION_DEACTIVATED"  [__  __  OWN __  __  __  __  __],
    /// Note that the last day of a prescription is over.
    ExpirePrescription    "PRESCRIPTION_EXPIRED"    [__  __  __  __  __  __  __  ALL],
    /// Read a note on a prescription that one may read.
    ViewPrescriptionNote  "PRESCRIPTION_NOTE_VIEWED"  [__  PUB ALL ALL __  ALL ALL __],
    /// Write a note on a prescription.
    CreatePrescriptionNote "PRESCRIPTION_NOTE_CREATED" [__  OWN OWN OWN __  ALL ALL __],
    /// Change a note on a prescription.
    EditPrescriptionNote  "PRESCRIPTION_NOTE_UPDATED" [__  OWN OWN OWN __  ALL ALL __],
    /// Remove a note on a prescription.
    DeletePrescriptionNote "PRESCRIPTION_NOTE_DELETED" [__  OWN OWN OWN __  ALL ALL __],
    /// Check whether medicines go with what a patient takes.
    CheckInteractions     "INTERACTIONS_CHECKED"    [__  __  OWN OWN __  ALL ALL __],
    /// See the rules of the safety check, as a hospital has them.
    ViewSafetyRules       "SAFETY_RULES_VIEWED"     [__  __  PUB PUB __  ALL ALL __],
    /// Change how the safety check judges at a hospital.
    EditSafetyRules       "SAFETY_RULES_UPDATED"    [__  __  __  HSP __  __  __  __],

    /// Ask what could be given.
    RequestRecommendation "RECOMMENDATION_REQUESTED" [__ OWN OWN OWN __  OWN OWN __],
    /// See what one asked, and the answer.
    ViewRecommendation    "RECOMMENDATION_VIEWED"   [__  OWN OWN OWN __  OWN OWN ALL],
    /// Answer it, or give up on it.
    AnswerRecommendation  "RECOMMENDATION_MADE"     [__  __  __  __  __  __  __  ALL],
    /// Say what became of the draft.
    DecideRecommendation  "RECOMMENDATION_DECIDED"  [__  __  OWN OWN __  OWN OWN __],
    /// Count what is asked.
    ViewRecommendationStats "RECOMMENDATION_STATS_VIEWED" [__ __ __ __ __ ALL ALL __],
    /// Forget the answers that are kept for the next who asks the same.
    ClearRecommendations  "RECOMMENDATIONS_CLEARED" [__  __  __  __  __  ALL ALL __],
    /// See what a hospital says about recommendations.
    ViewRecommendationSettings "RECOMMENDATION_SETTINGS_VIEWED" [__ HSP HSP HSP __ ALL ALL ALL],
    /// Say what counts there.
    EditRecommendationSettings "RECOMMENDATION_SETTINGS_UPDATED" [__ __ __ HSP __ __ __ __],

    /// See a webhook of a hospital.
    ViewWebhook           "WEBHOOK_VIEWED"          [__  __  __  HSP __  ALL ALL ALL],
    /// Let a program know what happens.
    CreateWebhook         "WEBHOOK_CREATED"         [__  __  __  HSP __  __  __  __],
    /// Change where a program listens and what it is told of.
    EditWebhook           "WEBHOOK_UPDATED"         [__  __  __  HSP __  __  __  __],
    /// Let a program know nothing any more.
    DeleteWebhook         "WEBHOOK_DELETED"         [__  __  __  HSP __  __  __  __],
    /// Give a webhook another secret.
    RotateWebhook         "WEBHOOK_ROTATED"         [__  __  __  HSP __  __  __  __],
    /// Call a program on trial.
    PingWebhook           "WEBHOOK_PINGED"          [__  __  __  HSP __  __  __  __],
    /// Note that a program is gone, so that it is not called any more.
    SuspendWebhook        "WEBHOOK_SUSPENDED"       [__  __  __  __  __  __  __  ALL],

    /// See what one is told.
    ViewNotification      "NOTIFICATION_VIEWED"     [__  OWN OWN OWN OWN OWN OWN ALL],
    /// List what one is told.
    ListNotifications     "NOTIFICATIONS_LISTED"    [__  OWN OWN OWN OWN OWN OWN ALL],
    /// Note that one has read it.
    ReadNotification      "NOTIFICATION_READ"       [__  OWN OWN OWN OWN OWN OWN __],
    /// Take it out of the list.
    DeleteNotification    "NOTIFICATION_DELETED"    [__  OWN OWN OWN OWN OWN OWN ALL],
    /// Tell somebody something.
    Notify                "NOTIFICATION_CREATED"    [__  __  __  __  __  __  __  ALL],
    /// See how one wants to be told.
    ViewPreferences       "NOTIFICATION_PREFERENCES_VIEWED" [__ OWN OWN OWN OWN OWN OWN ALL],
    /// Want to be told in another way.
    EditPreferences       "NOTIFICATION_PREFERENCES_UPDATED" [__ OWN OWN OWN OWN OWN OWN __],

    /// See the totals of the hub.
    ViewDashboard         "DASHBOARD_VIEWED"        [__  __  __  __  __  ALL ALL __],
    /// Read the audit log.
    ViewAuditLog          "AUDIT_LOG_VIEWED"        [__  __  __  __  __  ALL ALL __],
    /// Read who looked at one's own data.
    ViewAccessLog         "ACCESS_LOG_VIEWED"       [__  ALL __  __  __  __  __  __],
    /// Ask for what the policy refuses.
    BeRefused             "ACCESS_DENIED"           [__  ALL ALL ALL ALL ALL ALL __],
    /// Delete what has expired.
    Sweep                 "EXPIRED_SWEPT"           [__  __  __  __  __  __  __  ALL],
}

impl Action {
    /// Whether it only shows or reckons something, and changes nothing.
    pub fn is_look(self) -> bool {
        let code = self.code();
        matches!(self, Self::DownloadFile | Self::CheckInteractions)
            || code.ends_with("_VIEWED")
            || code.ends_with("_LISTED")
    }
}

/// The policy.
pub fn reach(part: Part, action: Action) -> Reach {
    let [visitor, patient, doctor, hospital, coordinator, admin, superadmin, worker] = action.row();
    match part {
        Part::Visitor => visitor,
        Part::Member(Role::Patient) => patient,
        Part::Member(Role::Doctor) => doctor,
        Part::Member(Role::Hospital) => hospital,
        Part::Member(Role::Coordinator) => coordinator,
        Part::Member(Role::Admin) => admin,
        Part::Member(Role::Superadmin) => superadmin,
        Part::Worker => worker,
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|action| action.code() == text).ok_or(UnknownAction)
    }
}

impl utoipa::PartialSchema for Action {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|action| action.code())))
            .into()
    }
}

impl utoipa::ToSchema for Action {}

/// The audit log has no such action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an action of the audit log, such as USER_CREATED")]
pub struct UnknownAction;
