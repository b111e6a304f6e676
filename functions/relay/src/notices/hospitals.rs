//! What hospitals and those who run the hub are told.

use carehub_domain::{
    access::{Action, Role, UserId},
    account::{Account, Zone},
    glass::EmergencyAccessId,
    hospital::{Hospital, MembershipName},
    notification::{
        Channel, Notification, NotificationKind, Priority,
        words::{self, Words},
    },
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
        let admins = self.admins(words::applied(&hospital)).await?.into_iter();
        let told = admins.map(|admin| admin.noting("hospital", hospital.id));
        let received = self.membership(&hospital, MembershipName::Pending);
        Ok(Notices::of(told.chain([received])))
    }

    /// The same for each of those who run the hub.
    async fn admins(self, words: Words) -> Result<Vec<Notification>, StoreError> {
        let (roles, window) = ([Role::Admin, Role::Superadmin], Window::first(MOST));
        let admins = self.store.accounts().of_roles(&roles, window).await?.records;
        let told = admins.into_iter().filter(Account::is_active).map(|admin| {
            let zone = admin.profile.timezone.unwrap_or_default();
            self.system(admin.id, &zone, words.clone()).by(LIST_AND_MAIL)
        });
        Ok(told.collect())
    }

    fn system(self, recipient: UserId, zone: &Zone, words: Words) -> Notification {
        Notification::of(self.event, recipient, NotificationKind::SystemMessage, zone, words)
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
        self.system(hospital.id.into(), &Zone::default(), words::membership(hospital, state))
            .by([Channel::Email])
            .pressing(Priority::Urgent)
            .noting("status", state)
    }

    /// The patient is told at once that a repository was opened in an emergency, and so are those
    /// who are to review it: the doctor's hospital or, if there is none, those who run the hub.
    pub(super) async fn opened(self) -> Result<Notices, StoreError> {
        let Some(id) = self.id::<EmergencyAccessId>(Some("emergency")) else {
            return Ok(Notices::default());
        };
        let Ok(access) = self.store.glasses().find(id).await?.view(&self.hub()) else {
            return Ok(Notices::default());
        };
        let patient = self.patient(access.patient, &Zone::default()).await?;
        let patient =
            patient.map(|patient| self.system(patient.id, &patient.zone, words::opened(&access)));
        let words = words::to_review(&access);
        let reviewers = match access.hospital {
            Some(hospital) => {
                vec![self.system(hospital.into(), &Zone::default(), words).by(LIST_AND_MAIL)]
            }
            None => self.admins(words).await?,
        };
        let told = patient.into_iter().chain(reviewers);
        Ok(Notices::of(told.map(|it| it.pressing(Priority::Urgent).noting("emergency", id))))
    }
}
