//! Templates of prescriptions, filed as documents of the doctor.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Guarded, Permit, UserId},
    doctor::DoctorId,
    template::{Template, TemplateError, TemplateId},
};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, StoreError, Window, WriteError, aggregate,
    papers::{self, Paper, entries_of, publish, supersede},
};

aggregate! {
    /// What doctors prescribe often.
    Templates
}

impl Templates<'_> {
    /// Looks up a template.
    pub async fn find(&self, id: TemplateId) -> Result<Guarded<Template>, StoreError> {
        let found = self.store.paper::<Template>(id).await?;
        Ok(Guarded::new(found.filter(|template| template.removed_at.is_none())))
    }

    /// Reads a page of the templates of a doctor, newest first.
    pub async fn list(
        &self,
        doctor: DoctorId,
        window: Window,
        keep: impl Fn(&Template) -> bool,
    ) -> Result<Page<Template>, StoreError> {
        let keep = |template: &Template| template.removed_at.is_none() && keep(template);
        self.store.papers(entries_of::<Template>([doctor.into()]), window, keep).await
    }

    /// Adds a template.
    pub async fn create(
        &self,
        template: &Template,
        permit: &Permit,
    ) -> Result<(), WriteError<TemplateError>> {
        publish(self.store.transaction(permit), template, TemplateError::Stale).commit().await
    }

    /// Saves a changed template.
    pub async fn save(
        &self,
        before: &Template,
        after: &mut Template,
        permit: &Permit,
    ) -> Result<(), WriteError<TemplateError>> {
        let transaction = self.store.transaction(permit);
        supersede(transaction, before, after, TemplateError::Stale).commit().await
    }
}

impl Entity for Template {
    const KIND: &'static str = "template";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for Template {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        BTreeSet::from([self.doctor.into()])
    }
}
