//! `/api/hospitals/departments` and `/api/hospitals/{id}/departments`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::{Change, Invalid, replace},
    listing::WholeView,
};
use carehub_domain::{
    access::{Action, Actor},
    department::{Department, DepartmentId},
    hospital::{Hospital, HospitalId},
    text::Text,
};
use carehub_store::{Store, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many departments a list shows.
const ALL: u16 = 500;

form! {
    /// Whose departments to list.
    pub(crate) struct Wanted {
        /// The hospital; one's own for those who work for one.
        hospital_id: Option<HospitalId> = "hospital",
    }
}

form! {
    /// A department to open.
    pub(crate) struct NewDepartment {
        /// What it is called. No two departments of a hospital share a name.
        name: Text<100>,
        /// What it does.
        description: Option<Text<2000>>,
        /// For admins: the hospital.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

form! {
    /// Changes to a department. What is not there stays.
    pub(crate) struct DepartmentChanges {
        /// What it is called.
        name: Option<Text<100>>,
        /// What it does.
        description: Change<Text<2000>>,
    }
}

/// A department of a hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepartmentView {
    /// Identifies the department.
    pub id: DepartmentId,
    /// The hospital it belongs to.
    pub hospital: HospitalId,
    /// What that hospital is called.
    pub hospital_name: Text<255>,
    /// What it is called.
    pub name: Text<100>,
    /// What it does.
    pub description: Option<Text<2000>>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List departments.
#[utoipa::path(get, path = "/api/hospitals/departments", tag = "hospitals", params(
    ("hospital_id" = Option<HospitalId>, Query, description = "The hospital; one's own for those who work for one."),
), responses(
    (status = 200, description = "The departments of the hospital, oldest first.", body = WholeView<DepartmentView>),
    (status = 400, description = "No hospital was named.", body = Problem),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Query(Wanted { hospital_id }): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<WholeView<DepartmentView>>> {
    of(named(hospital_id, &actor, "hospital_id")?, &actor, &store).await
}

/// List the departments of a hospital.
#[utoipa::path(get, path = "/api/hospitals/{id}/departments", tag = "hospitals", params(
    ("id" = HospitalId, Path, description = "The hospital."),
), responses(
    (status = 200, description = "The departments of the hospital, oldest first.", body = WholeView<DepartmentView>),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn of_hospital(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<DepartmentView>>> {
    of(id, &actor, &store).await
}

/// Open a department.
#[utoipa::path(post, path = "/api/hospitals/departments", tag = "hospitals", request_body = NewDepartment, responses(
    (status = 201, description = "The department is open.", body = DepartmentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the hospital itself and admins may do this.", body = Problem),
    (status = 409, description = "The hospital has a department of this name.", body = Problem),
))]
pub(crate) async fn open(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewDepartment>,
) -> Result<Created<Tagged<Json<DepartmentView>>>> {
    let id = named(new.hospital, &actor, "hospital")?;
    let hospital = store.hospitals().find(id).await?.view(&actor)?;
    let department = Department::open(hospital.id, new.name, new.description, actor.at);
    let permit = actor.create(Action::CreateDepartment, &department)?;
    store.departments().open(&department, &permit).await?;
    let location = format!("/api/hospitals/departments/{}", department.id);
    let tagged = Tagged::showing(department, |department| view(department, &hospital));
    Ok(Created::at(location, tagged))
}

/// See a department.
#[utoipa::path(get, path = "/api/hospitals/departments/{id}", tag = "hospitals", params(
    ("id" = DepartmentId, Path, description = "The department."),
), responses(
    (status = 200, description = "The department.", body = DepartmentView),
    (status = 404, description = "There is no such department.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DepartmentId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<DepartmentView>>> {
    let department = store.departments().find(id).await?.view(&actor)?;
    let hospital = store.hospitals().find(department.hospital).await?.view(&actor)?;
    Ok(Tagged::showing(department, |department| view(department, &hospital)))
}

/// Change a department.
#[utoipa::path(patch, path = "/api/hospitals/departments/{id}", tag = "hospitals", request_body = DepartmentChanges, params(
    ("id" = DepartmentId, Path, description = "The department."),
), responses(
    (status = 200, description = "The department as it is now. `PUT` means the same.", body = DepartmentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the hospital itself and admins may do this.", body = Problem),
    (status = 404, description = "There is no such department.", body = Problem),
    (status = 409, description = "The name is taken, or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DepartmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<DepartmentChanges>,
) -> Result<Tagged<Json<DepartmentView>>> {
    let departments = store.departments();
    let (before, permit) = departments.find(id).await?.permit(&actor, Action::EditDepartment)?;
    expected.check(&before)?;
    let mut department = before.clone();
    let changed = changes.apply(&mut department, actor.at);
    let hospital = store.hospitals().find(department.hospital).await?.view(&actor)?;
    departments.save(&before, &mut department, &permit.changing(&changed)).await?;
    Ok(Tagged::showing(department, |department| view(department, &hospital)))
}

/// Close a department.
#[utoipa::path(delete, path = "/api/hospitals/departments/{id}", tag = "hospitals", params(
    ("id" = DepartmentId, Path, description = "The department."),
), responses(
    (status = 204, description = "The department is closed."),
    (status = 403, description = "Only the hospital itself and admins may do this.", body = Problem),
    (status = 404, description = "There is no such department.", body = Problem),
))]
pub(crate) async fn close(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DepartmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let departments = store.departments();
    let (department, permit) =
        departments.find(id).await?.permit(&actor, Action::DeleteDepartment)?;
    expected.check(&department)?;
    departments.close(&department, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of(
    id: HospitalId,
    actor: &Actor,
    store: &Store,
) -> Result<Json<WholeView<DepartmentView>>> {
    let (hospitals, departments) = (store.hospitals(), store.departments());
    let (hospital, page) =
        tokio::try_join!(hospitals.find(id), departments.of_hospital(id, Window::first(ALL)))?;
    let hospital = hospital.view(actor)?;
    let page = page.visible_to(actor).map(|department| view(department, &hospital));
    Ok(Json(WholeView::of(page.records)))
}

/// The hospital that is named, or else the one the actor works for.
pub(crate) fn named(
    named: Option<HospitalId>,
    actor: &Actor,
    field: &str,
) -> Result<HospitalId, Invalid> {
    named.or(actor.hospital).ok_or_else(|| Invalid::field(field, "is required"))
}

fn view(department: Department, hospital: &Hospital) -> DepartmentView {
    DepartmentView {
        id: department.id,
        hospital: department.hospital,
        hospital_name: hospital.name.clone(),
        name: department.name,
        description: department.description,
        created_at: department.created_at,
        updated_at: department.updated_at,
    }
}

impl DepartmentChanges {
    fn apply(self, department: &mut Department, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut department.name, self.name, "name", &mut changed);
        self.description.apply(&mut department.description, "description", &mut changed);
        department.updated_at = now;
        changed
    }
}
