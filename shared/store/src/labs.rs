//! Results of tests, filed with the record of the visit and in the chart of the patient.

use std::collections::{BTreeMap, BTreeSet};

use carehub_domain::{
    access::{Actor, Guarded, PatientId, Permit, UserId},
    chart::{Chart, Clinical, Reader},
    lab::{
        LabError, LabReport, LabResult, LabResultId, LabStatus, SeriesPlace, TestType, Trend,
        series_name,
    },
    medical_record::{MedicalRecord, MedicalRecordId},
};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, Pile, Position, StoreError, Table, Window, WriteError, aggregate,
    filing::Refiling,
    key::Partition,
    papers::{self, Paper},
    query::{Filter, Order},
};

aggregate! {
    /// What tests have shown.
    LabResults
}

/// How many results of one test are drawn.
const DRAWN: u16 = 200;

/// How many earlier results are looked at for one to compare with.
const COMPARED: u16 = 20;

/// How many results of one visit are shown.
const MOST_OF_VISIT: u16 = 200;

/// Which results to list.
#[derive(Clone, Debug, Default)]
pub struct LabFilter {
    /// Only those of this medical record.
    pub record: Option<MedicalRecordId>,
    /// Only tests of this type.
    pub kind: Option<TestType>,
    /// Only those of which somebody made this.
    pub status: Option<LabStatus>,
    /// Only those of this test.
    pub test: Option<String>,
}

impl LabResults<'_> {
    /// Looks up a result with the record of the visit that it belongs to.
    pub async fn find(
        &self,
        id: LabResultId,
        actor: &Actor,
    ) -> Result<Guarded<Chart<LabReport>>, StoreError> {
        let Some(result) = self.store.paper::<LabResult>(id).await? else {
            return Ok(Guarded::new(None));
        };
        let record = self.store.paper::<MedicalRecord>(result.record).await?;
        self.store.chart(record.map(|record| LabReport { result, record }), actor).await
    }

    /// Reads a page of the results in a pile, newest first.
    pub async fn on(
        &self,
        pile: &Pile,
        filter: &LabFilter,
        actor: &Actor,
        window: Window,
    ) -> Result<Page<Chart<LabReport>>, StoreError> {
        let slices = pile.slices::<LabResult>();
        let keep = |result: &LabResult| filter.keeps(result);
        let page = self.store.papers::<LabResult>(slices, window, keep).await?;
        let seen = self.seen(page.records.clone(), pile.reader(), actor).await?;
        Ok(page.with(seen))
    }

    /// The results of a visit whose record the caller was cleared for, oldest first.
    pub async fn of_record(&self, record: &MedicalRecord) -> Result<Vec<LabResult>, StoreError> {
        let slice =
            papers::beside::<MedicalRecord>(record.id).slice(format!("{}#", LabResult::KIND));
        let page = self.store.page(slice, Order::OldestFirst, Window::first(MOST_OF_VISIT));
        Ok(page.await?.records)
    }

    /// How a result compares with the one before that `actor` may see.
    pub async fn trend(
        &self,
        chart: &Chart<LabReport>,
        actor: &Actor,
    ) -> Result<Option<Trend>, StoreError> {
        let result = &chart.paper.result;
        let Some(place) = result.series_place() else { return Ok(None) };
        let patients = self.store.patients();
        let (patient, reader) = tokio::try_join!(
            patients.current(result.patient),
            self.store.reader(result.patient, actor),
        )?;
        let parts = patient.map_or_else(|| vec![result.patient], |patient| patient.parts());
        let slices = parts.into_iter().map(|part| series(part).slice(drawn(&place.test)));
        let own = drawn_at(result.patient, &place);
        let window = Window { limit: COMPARED, from: Some(Position::at(own.sort, false)) };
        let page = self
            .store
            .merged::<LabResult>(slices.collect(), Order::NewestFirst, window, &Filter::default())
            .await?;
        let seen = self.seen(page.records, reader.or(chart.reader()), actor).await?;
        // What the result said before may still be there.
        let mut others = seen.iter().filter(|other| other.paper.result.id != result.id);
        Ok(others.find_map(|earlier| result.trend(&earlier.paper.result)))
    }

    /// The latest results of one test in a patient's pile, oldest first.
    pub async fn series(
        &self,
        pile: &Pile,
        test: &str,
        actor: &Actor,
    ) -> Result<Vec<Chart<LabReport>>, StoreError> {
        let test = series_name(test);
        let parts = pile.people().iter().map(|&person| PatientId::from(person));
        let slices = parts.map(|part| series(part).slice(drawn(&test)));
        let (window, filter) = (Window::first(DRAWN), Filter::default());
        let page = self
            .store
            .merged::<LabResult>(slices.collect(), Order::NewestFirst, window, &filter)
            .await?;
        let mut seen = self.seen(page.records, pile.reader(), actor).await?;
        seen.reverse();
        Ok(seen)
    }

    /// All versions of a result, newest first.
    pub async fn versions(&self, result: &LabResult) -> Result<Vec<LabResult>, StoreError> {
        let mut versions = vec![result.clone()];
        versions.extend(self.store.versions(result).await?);
        Ok(versions)
    }

    /// Keeps the result of a test.
    pub async fn write(
        &self,
        result: &LabResult,
        permit: &Permit,
    ) -> Result<(), WriteError<LabError>> {
        let transaction = papers::publish(self.store.transaction(permit), result, LabError::Stale);
        Refiling::first(copies(result)).join(transaction).commit().await
    }

    /// Saves a changed result.
    pub async fn save(
        &self,
        before: &LabResult,
        result: &mut LabResult,
        permit: &Permit,
    ) -> Result<(), WriteError<LabError>> {
        let transaction = self.store.transaction(permit);
        let transaction = papers::supersede(transaction, before, result, LabError::Stale);
        Refiling::between(&copies(before), copies(result)).join(transaction).commit().await
    }

    /// Those of the results whose record `actor` may see.
    async fn seen(
        &self,
        results: Vec<LabResult>,
        reader: Option<Reader>,
        actor: &Actor,
    ) -> Result<Vec<Chart<LabReport>>, StoreError> {
        let keys: BTreeSet<_> =
            results.iter().map(|result| papers::at::<MedicalRecord>(result.record)).collect();
        let records = self.store.fetch::<MedicalRecord>(keys.into_iter().collect()).await?;
        let records: BTreeMap<_, _> =
            records.into_iter().map(|record| (record.id, record)).collect();
        let charts = results.into_iter().filter_map(|result| {
            let record = records.get(&result.record)?.clone();
            Some(Chart::of(LabReport { result, record }, reader))
        });
        Ok(charts.filter(|chart| actor.can(LabReport::VIEW, chart)).collect())
    }
}

impl LabFilter {
    fn keeps(&self, result: &LabResult) -> bool {
        let test = || series_name(result.test_name.reveal());
        self.record.is_none_or(|record| result.record == record)
            && self.kind.is_none_or(|kind| result.test_type == kind)
            && self.status.is_none_or(|status| result.status == status)
            && self.test.as_ref().is_none_or(|wanted| test() == series_name(wanted))
    }
}

fn series(patient: PatientId) -> Partition {
    Key::partition(Table::Clinical, "lab-series", patient)
}

/// What the sort keys of all results of one test begin with. No folded name holds a `#`.
fn drawn(test: &str) -> String {
    format!("{}#{test}#", LabResult::KIND)
}

fn drawn_at(patient: PatientId, place: &SeriesPlace) -> Key {
    let SeriesPlace { test, on, id } = place;
    series(patient).sort(LabResult::KIND, format!("{test}#{on}#{id}"))
}

/// A result stands beside the record of the visit, and in the chart of the patient.
fn copies(result: &LabResult) -> Vec<(Key, LabResult)> {
    let beside = papers::beside::<MedicalRecord>(result.record).sort(LabResult::KIND, result.id);
    let drawn = result.series_place().map(|place| drawn_at(result.patient, &place));
    [beside].into_iter().chain(drawn).map(|key| (key, result.clone())).collect()
}

impl Entity for LabResult {
    const KIND: &'static str = "lab-result";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for LabResult {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        let people = [Some(self.patient.into()), Some(self.doctor.into())];
        people.into_iter().chain([self.hospital.map(UserId::from)]).flatten().collect()
    }
}
