//! Numbers of the hub and of its doctors, and who sees them.

use carehub_domain::{
    access::{Action, Actor, UserId},
    census::{Facts, Sheet},
    doctor::DoctorId,
};
use carehub_store::Store;

use crate::Result;

/// The facts of one doctor or, for nobody, of the hub, as far as they are for the actor to see.
pub async fn facts(
    sheet: fn(Option<UserId>) -> Sheet,
    doctor: Option<DoctorId>,
    actor: &Actor,
    store: &Store,
) -> Result<Facts> {
    let (doctors, census) = (store.doctors(), store.census());
    let sheet = sheet(doctor.map(UserId::from));
    let Some(doctor) = doctor else {
        let _permit = actor.allow(Action::ViewDashboard)?;
        return Ok(census.sheet(&sheet).await?);
    };
    let (found, facts) = tokio::try_join!(doctors.find(doctor), census.sheet(&sheet))?;
    let (_doctor, _permit) = found.permit(actor, Action::ViewPractice)?;
    Ok(facts)
}
