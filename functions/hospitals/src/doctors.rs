//! `/api/hospitals/doctors` and `/api/hospitals/{id}/doctors`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    doctor::DoctorView,
    error::Problem,
    extract::{Json, Path},
    form,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor},
    hospital::HospitalId,
};
use carehub_store::Store;

use crate::departments::named;

form! {
    /// Whose doctors to list.
    pub(crate) struct Wanted {
        /// The hospital; one's own for those who work for one.
        hospital_id: Option<HospitalId> = "hospital",
        /// Accepted and without effect: the list is always oldest first.
        ordering: Option<String>,
    }
}

/// List doctors.
#[utoipa::path(get, path = "/api/hospitals/doctors", tag = "hospitals", params(
    ("hospital_id" = Option<HospitalId>, Query, description = "The hospital; one's own for those who work for one."),
    Paging,
), responses(
    (status = 200, description = "The doctors of the hospital, oldest first; for the hospital itself and admins, also those who left.", body = PageView<DoctorView>),
    (status = 400, description = "No hospital was named.", body = Problem),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    let hospital = named(listing.filter.hospital_id, &actor, "hospital_id")?;
    of(hospital, &actor, &listing, &store).await
}

/// List the doctors of a hospital.
#[utoipa::path(get, path = "/api/hospitals/{id}/doctors", tag = "hospitals", params(
    ("id" = HospitalId, Path, description = "The hospital."),
    Paging,
), responses(
    (status = 200, description = "The doctors of the hospital, oldest first; for the hospital itself and admins, also those who left.", body = PageView<DoctorView>),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn of_hospital(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    of(id, &actor, &listing, &store).await
}

async fn of(
    id: HospitalId,
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<DoctorView>>> {
    let (hospitals, doctors, window) = (store.hospitals(), store.doctors(), listing.window.clone());
    // Those who run the hospital or the hub also see who left.
    let runs_it = actor.user == Some(id.into()) || actor.allow(Action::EditHospital).is_ok();
    let page = async {
        match runs_it {
            true => doctors.ever_at_hospital(id, window).await,
            false => doctors.at_hospital(id, window).await,
        }
    };
    let (hospital, page) = tokio::try_join!(hospitals.find(id), page)?;
    let hospital = hospital.view(actor)?;
    let page = page.visible_to(actor);
    Ok(listing.answer(page, |doctor| DoctorView::of(doctor, Some(&hospital), actor)))
}
