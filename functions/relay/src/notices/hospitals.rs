//! What hospitals and those who run the hub are told.

use carehub_domain::{
    access::{Action, Role},
    account::{Account, Zone},
    glass::EmergencyAccessId,
    hospital::{Hospital, HospitalId, MembershipName},
    notification::{Channel, Notification, NotificationKind, Priority, words},
};
use carehub_store::{StoreError, Window};

use super::{Desk, LIST_AND_MAIL, Notices};

/// How many of those who run the hub are told at most.
const MOST: u16 = 20;

impl Desk<'_> {
    async fn hospital(self) -> Result<Option<Hospital>, StoreError> {
        let Some(id) = self.event.hospital else { return Ok(None) };
        Ok(self.store.hospitals().find(id).await?.view(&self.hub()).ok())
    }

    /// Those who run the hub have to decide. The hospital is told that they will.
    pub(super) async fn applied(self) -> Result<Notices, StoreError> {
        let Some(hospital) = self.hospital().await? else { return Ok(Notices::default()) };
        let (roles, window) = ([Role::Admin, Role::Superadmin], Window::first(MOST));
        let admins = self.store.accounts().of_roles(&roles, window).await?.records;
        let told = admins.into_iter().filter(Account::is_active).map(|admin| {
            let zone = admin.profile.timezone.unwrap_or_default();
            let words = words::applied(&hospital);
            Notification::of(self.event, admin.id, NotificationKind::SystemMessage, &zone, words)
                .by(LIST_AND_MAIL)
                .noting("hospital", hospital.id)
        });
        let received = self.membership(&hospital, MembershipName::Pending);
        Ok(Notices::of(told.chain([received])))
    }

    /// The hospital is told what they decided.
    pub(super) async fn decided(self) -> Result<Notices, StoreError> {
        let state = match self.event.action {
            Action::ApproveHospital => MembershipName::Approved,
            _ => MembershipName::Rejected,
        };
        let hospital = self.hospital().await?;
        Ok(Notices::of(hospital.map(|hospital| self.membership(&hospital, state))))
    }

    /// It is urgent, so that no preference keeps it from the hospital.
    fn membership(self, hospital: &Hospital, state: MembershipName) -> Notification {
        let (kind, words) = (NotificationKind::SystemMessage, words::membership(hospital, state));
        Notification::of(self.event, hospital.id.into(), kind, &Zone::default(), words)
            .by([Channel::Email])
            .pressing(Priority::Urgent)
            .noting("status", state)
    }

    /// The patient and the doctor's hospital are told at once that a repository was opened in an
    /// emergency.
    pub(super) async fn opened(self) -> Result<Notices, StoreError> {
        let Some(id) = self.id::<EmergencyAccessId>(Some("emergency")) else {
            return Ok(Notices::default());
        };
        let Ok(access) = self.store.glasses().find(id).await?.view(&self.hub()) else {
            return Ok(Notices::default());
        };
        let kind = NotificationKind::SystemMessage;
        let patient = self.patient(access.patient, &Zone::default()).await?;
        let patient = patient.map(|patient| {
            Notification::of(self.event, patient.id, kind, &patient.zone, words::opened(&access))
        });
        let review = |hospital: HospitalId| {
            let words = words::to_review(&access);
            Notification::of(self.event, hospital.into(), kind, &Zone::default(), words)
                .by(LIST_AND_MAIL)
        };
        let told = patient.into_iter().chain(access.hospital.map(review));
        Ok(Notices::of(told.map(|it| it.pressing(Priority::Urgent).noting("emergency", id))))
    }
}
