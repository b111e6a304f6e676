//! The policy, cell by cell.

use std::fmt::Write;

use carehub_domain::access::{Action, Part, Reach, Role, reach};
use insta::assert_snapshot;

#[test]
fn the_whole_policy() {
    let parts = std::iter::once(Part::Visitor)
        .chain(Role::ALL.iter().map(|&role| Part::Member(role)))
        .chain([Part::Worker]);
    let parts: Vec<Part> = parts.collect();
    let mut table = format!("{:24}", "");
    for part in &parts {
        let name = match part {
            Part::Visitor => "visitor".to_owned(),
            Part::Member(role) => role.to_string().to_lowercase(),
            Part::Worker => "worker".to_owned(),
        };
        write!(table, "{name:>12}").unwrap();
    }
    for &action in Action::ALL {
        write!(table, "\n{:24}", format!("{action:?}")).unwrap();
        for &part in &parts {
            let cell = match reach(part, action) {
                Reach::Nothing => "·",
                Reach::Own => "own",
                Reach::Hospital => "hospital",
                Reach::Published => "published",
                Reach::Rank => "rank",
                Reach::All => "all",
            };
            write!(table, "{cell:>12}").unwrap();
        }
    }

    assert_snapshot!(table, @"
                                 visitor     patient      doctor    hospital coordinator       admin  superadmin      worker
    ViewAccount                        ·         own         own         own         own        rank         all           ·
    ListAccounts                       ·           ·           ·           ·           ·         all         all           ·
    CreateAccount                   rank           ·           ·    hospital           ·        rank         all           ·
    EditAccount                        ·         own         own         own         own        rank         all           ·
    AdministerAccount                  ·           ·           ·           ·           ·        rank         all           ·
    DeleteAccount                      ·           ·           ·           ·           ·        rank         all           ·
    ReturnPassword                     ·           ·           ·    hospital           ·        rank         all           ·
    FailSignIn                       all           ·           ·           ·           ·           ·           ·           ·
    SignIn                             ·         own         own         own         own         own         own           ·
    ViewSession                        ·         own         own         own         own         own         own           ·
    RefreshSession                     ·         own         own         own         own         own         own           ·
    ReuseToken                         ·         own         own         own         own         own         own           ·
    SignOut                            ·         own         own         own         own         own         own           ·
    EndSession                         ·         own         own         own         own         own         own           ·
    TakeTicket                         ·         own         own         own         own         own         own           ·
    Connect                            ·         own         own         own         own         own         own           ·
    ChangePassword                     ·         own         own         own         own         own         own           ·
    ResetPassword                      ·         own         own         own         own         own         own           ·
    RequestCode                      all           ·         own           ·           ·           ·           ·           ·
    FailCode                         all           ·         own           ·           ·           ·           ·           ·
    VerifyCode                         ·           ·         own           ·           ·           ·           ·           ·
    ViewGrant                          ·         own         own           ·           ·           ·           ·           ·
    RevokeGrant                        ·         own           ·           ·           ·           ·           ·           ·
    RegisterHospital                 all           ·           ·           ·           ·           ·           ·           ·
    ViewHospital                       ·   published   published   published   published         all         all         all
    ListHospitals                      ·           ·           ·           ·           ·         all         all           ·
    EditHospital                       ·           ·           ·         own           ·         all         all           ·
    ApproveHospital                    ·           ·           ·           ·           ·         all         all           ·
    RejectHospital                     ·           ·           ·           ·           ·         all         all           ·
    DeleteHospital                     ·           ·           ·           ·           ·         all         all           ·
    ViewDepartment                     ·   published   published   published   published         all         all           ·
    CreateDepartment                   ·           ·           ·    hospital           ·         all         all           ·
    EditDepartment                     ·           ·           ·    hospital           ·         all         all           ·
    DeleteDepartment                   ·           ·           ·    hospital           ·         all         all           ·
    ViewDoctor                         ·   published   published   published   published         all         all         all
    CreateDoctor                       ·           ·         own    hospital         own         all         all           ·
    EditDoctor                         ·           ·         own    hospital         own         all         all           ·
    DeleteDoctor                       ·           ·         own    hospital         own         all         all           ·
    VerifyDoctor                       ·           ·           ·    hospital           ·         all         all           ·
    RateDoctor                         ·           ·           ·           ·           ·           ·           ·         all
    ViewPractice                       ·           ·         own    hospital           ·         all         all           ·
    ListPatients                       ·           ·         own         own         own         all         all           ·
    ViewPatient                        ·         own         own         own         own         all         all         all
    CreatePatient                      ·           ·         own         own         own         all         all           ·
    ImportPatients                     ·           ·           ·         own           ·         all         all           ·
    EditPatient                        ·         own         own         own         own         all         all           ·
    DeletePatient                      ·           ·         own         own         own         all         all           ·
    MergePatients                      ·           ·           ·         own           ·         all         all           ·
    UnmergePatients                    ·           ·           ·         own           ·         all         all           ·
    ViewNote                           ·   published         all         all         all         all         all           ·
    CreateNote                         ·           ·         own         own         own         all         all           ·
    EditNote                           ·           ·         own         own         own         all         all           ·
    DeleteNote                         ·           ·         own         own         own         all         all           ·
    ViewAssignment                     ·         own         own    hospital         own         all         all         all
    CreateAssignment                   ·           ·         own    hospital         own         all         all           ·
    EditAssignment                     ·           ·         own    hospital         own         all         all           ·
    DeleteAssignment                   ·           ·         own    hospital         own         all         all           ·
    ViewReview                         ·   published   published   published   published         all         all         all
    CreateReview                       ·         own           ·           ·           ·           ·           ·           ·
    EditReview                         ·         own           ·           ·           ·           ·           ·           ·
    DeleteReview                       ·         own           ·           ·           ·         all         all           ·
    ModerateReview                     ·           ·           ·           ·           ·         all         all           ·
    ViewAppointment                    ·         own         own    hospital         own         all         all         all
    ListAppointments                   ·         own         own         own         own         all         all           ·
    CreateAppointment                  ·         own         own    hospital         own         all         all           ·
    EditAppointment                    ·         own         own    hospital         own         all         all           ·
    AssignDoctor                       ·           ·           ·    hospital           ·         all         all           ·
    ConfirmAppointment                 ·           ·         own    hospital           ·         all         all           ·
    CheckIn                            ·         own         own    hospital           ·         all         all           ·
    StartVisit                         ·           ·         own           ·           ·         all         all           ·
    CompleteVisit                      ·           ·         own    hospital           ·         all         all         all
    CancelAppointment                  ·         own         own    hospital         own         all         all           ·
    RescheduleAppointment              ·         own         own    hospital         own         all         all           ·
    MissAppointment                    ·           ·         own    hospital           ·         all         all         all
    ExpireAppointment                  ·           ·           ·           ·           ·           ·           ·         all
    ViewHold                           ·         own           ·           ·           ·           ·           ·           ·
    HoldSlot                           ·         own           ·           ·           ·           ·           ·           ·
    ReleaseSlot                        ·         own           ·           ·           ·           ·           ·           ·
    ViewWaitlist                       ·         own         own    hospital           ·         all         all         all
    JoinWaitlist                       ·         own           ·           ·           ·           ·           ·           ·
    LeaveWaitlist                      ·         own           ·           ·           ·           ·           ·           ·
    OfferSlot                          ·           ·           ·           ·           ·           ·           ·         all
    LapseOffer                         ·           ·           ·           ·           ·           ·           ·         all
    ViewQueue                          ·   published   published   published           ·         all         all           ·
    ViewToken                          ·         own         own    hospital           ·         all         all           ·
    TakeToken                          ·         own         own    hospital           ·         all         all           ·
    CheckInToken                       ·         own         own    hospital           ·         all         all           ·
    LeaveQueue                         ·         own         own    hospital           ·         all         all           ·
    CallNext                           ·           ·         own    hospital           ·         all         all           ·
    ViewConsultation                   ·         own         own    hospital           ·         all         all         all
    CreateSymptom                      ·         own         own           ·           ·         all         all           ·
    EditSymptom                        ·         own         own           ·           ·         all         all           ·
    DeleteSymptom                      ·         own         own           ·           ·         all         all           ·
    CreateDiagnosis                    ·           ·         own           ·           ·         all         all           ·
    EditDiagnosis                      ·           ·         own           ·           ·         all         all           ·
    DeleteDiagnosis                    ·           ·         own           ·           ·         all         all           ·
    CreateVitalSigns                   ·           ·         own           ·           ·         all         all           ·
    EditVitalSigns                     ·           ·         own           ·           ·         all         all           ·
    DeleteVitalSigns                   ·           ·         own           ·           ·         all         all           ·
    CreateRemark                       ·         own         own           ·           ·         all         all           ·
    EditRemark                         ·         own         own           ·           ·         all         all           ·
    DeleteRemark                       ·         own         own           ·           ·         all         all           ·
    ViewUpload                         ·         own         own         own         own         own         own         all
    CreateUpload                       ·         own         own         own         own         own         own           ·
    ClearFile                          ·           ·           ·           ·           ·           ·           ·         all
    RejectFile                         ·           ·           ·           ·           ·           ·           ·         all
    DeleteFile                         ·           ·           ·           ·           ·           ·           ·         all
    ViewRepository                     ·         own         own    hospital           ·         all         all           ·
    ViewDocument                       ·         own         own    hospital         own         all         all           ·
    DownloadFile                       ·         own         own    hospital         own         all         all           ·
    CreateDocument                     ·         own         own    hospital         own         all         all           ·
    EditDocument                       ·         own         own    hospital         own         all         all           ·
    DeleteDocument                     ·         own         own    hospital         own         all         all           ·
    VerifyDocument                     ·           ·           ·    hospital           ·         all         all           ·
    BreakGlass                         ·           ·         own           ·           ·           ·           ·           ·
    ListEmergencies                    ·         own         own         own           ·         all         all           ·
    ViewEmergency                      ·         own         own    hospital           ·         all         all         all
    ReviewEmergency                    ·           ·           ·    hospital           ·         all         all           ·
    ViewHealthRecord                   ·         own         own    hospital           ·        rank        rank           ·
    ListHealthRecords                  ·         own         own         own           ·         all         all           ·
    CreateHealthRecord                 ·         own         own    hospital           ·        rank        rank           ·
    EditHealthRecord                   ·         own         own    hospital           ·        rank        rank           ·
    DeleteHealthRecord                 ·         own         own    hospital           ·        rank        rank           ·
    ViewAnnotation                     ·         all         all         all           ·         all         all           ·
    CreateAnnotation                   ·           ·         own           ·           ·           ·           ·           ·
    EditAnnotation                     ·           ·         own           ·           ·           ·           ·           ·
    DeleteAnnotation                   ·           ·         own           ·           ·           ·           ·           ·
    ViewMedicalRecord                  ·         own         own    hospital           ·         all         all           ·
    ListMedicalRecords                 ·         own         own         own           ·         all         all           ·
    CreateMedicalRecord                ·           ·         own           ·           ·         all         all           ·
    EditMedicalRecord                  ·           ·         own           ·           ·         all         all           ·
    ViewLabResult                      ·         own         own    hospital           ·         all         all           ·
    ListLabResults                     ·         own         own         own           ·         all         all           ·
    CreateLabResult                    ·           ·         own    hospital           ·         all         all           ·
    EditLabResult                      ·           ·         own    hospital           ·         all         all           ·
    SendPrescription                   ·         own         own    hospital           ·         all         all           ·
    ViewTemplate                       ·           ·         own           ·           ·           ·           ·           ·
    CreateTemplate                     ·           ·         own           ·           ·           ·           ·           ·
    EditTemplate                       ·           ·         own           ·           ·           ·           ·           ·
    DeleteTemplate                     ·           ·         own           ·           ·           ·           ·           ·
    ViewReminder                       ·         own           ·           ·           ·         all         all         all
    CreateReminder                     ·         own           ·           ·           ·         all         all           ·
    EditReminder                       ·         own           ·           ·           ·         all         all           ·
    DeleteReminder                     ·         own           ·           ·           ·         all         all           ·
    ViewAdherence                      ·         own         own    hospital           ·         all         all           ·
    TellAdherence                      ·         own           ·           ·           ·           ·           ·           ·
    DeleteAdherence                    ·         own           ·           ·           ·           ·           ·           ·
    ViewPrescription                   ·         own         own    hospital           ·         all         all         all
    ListPrescriptions                  ·         own         own         own           ·         all         all           ·
    CreatePrescription                 ·           ·         own           ·           ·           ·           ·           ·
    EditPrescription                   ·           ·         own           ·           ·           ·           ·           ·
    CancelPrescription                 ·           ·         own           ·           ·         all         all           ·
    DispensePrescription               ·           ·         own    hospital           ·         all         all           ·
    CompletePrescription               ·           ·         own           ·           ·         all         all           ·
    StopMedication                     ·           ·         own           ·           ·           ·           ·           ·
    ExpirePrescription                 ·           ·           ·           ·           ·           ·           ·         all
    ViewPrescriptionNote               ·   published         all         all           ·         all         all           ·
    CreatePrescriptionNote             ·         own         own         own           ·         all         all           ·
    EditPrescriptionNote               ·         own         own         own           ·         all         all           ·
    DeletePrescriptionNote             ·         own         own         own           ·         all         all           ·
    CheckInteractions                  ·           ·         own         own           ·         all         all           ·
    ViewSafetyRules                    ·           ·   published   published           ·         all         all           ·
    EditSafetyRules                    ·           ·           ·    hospital           ·           ·           ·           ·
    RequestRecommendation              ·         own         own         own           ·         own         own           ·
    ViewRecommendation                 ·         own         own         own           ·         own         own         all
    AnswerRecommendation               ·           ·           ·           ·           ·           ·           ·         all
    DecideRecommendation               ·           ·         own         own           ·         own         own           ·
    ViewRecommendationStats            ·           ·           ·           ·           ·         all         all           ·
    ClearRecommendations               ·           ·           ·           ·           ·         all         all           ·
    ViewRecommendationSettings           ·    hospital    hospital    hospital           ·         all         all         all
    EditRecommendationSettings           ·           ·           ·    hospital           ·           ·           ·           ·
    ViewWebhook                        ·           ·           ·    hospital           ·         all         all         all
    CreateWebhook                      ·           ·           ·    hospital           ·           ·           ·           ·
    EditWebhook                        ·           ·           ·    hospital           ·           ·           ·           ·
    DeleteWebhook                      ·           ·           ·    hospital           ·           ·           ·           ·
    RotateWebhook                      ·           ·           ·    hospital           ·           ·           ·           ·
    PingWebhook                        ·           ·           ·    hospital           ·           ·           ·           ·
    SuspendWebhook                     ·           ·           ·           ·           ·           ·           ·         all
    ViewNotification                   ·         own         own         own         own         own         own         all
    ListNotifications                  ·         own         own         own         own         own         own         all
    ReadNotification                   ·         own         own         own         own         own         own           ·
    DeleteNotification                 ·         own         own         own         own         own         own         all
    Notify                             ·           ·           ·           ·           ·           ·           ·         all
    ViewPreferences                    ·         own         own         own         own         own         own         all
    EditPreferences                    ·         own         own         own         own         own         own           ·
    ViewDashboard                      ·           ·           ·           ·           ·         all         all           ·
    ViewAuditLog                       ·           ·           ·           ·           ·         all         all           ·
    ViewAccessLog                      ·         all           ·           ·           ·           ·           ·           ·
    BeRefused                          ·         all         all         all         all         all         all           ·
    Sweep                              ·           ·           ·           ·           ·           ·           ·         all
    ");
}
