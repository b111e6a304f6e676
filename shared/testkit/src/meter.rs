//! What requests cost: calls to DynamoDB and the units they consume.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef},
    },
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        delete_item::{DeleteItemInput, DeleteItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{
        ConditionCheck, ConsumedCapacity, Delete, Put, ReturnConsumedCapacity, TransactWriteItem,
        Update,
    },
};
use serde::Serialize;

/// What was spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    /// How often each operation was called.
    pub calls: BTreeMap<&'static str, u32>,
    /// How often one call had to wait for another. Calls at the same time are one round.
    pub rounds: u32,
    /// What IAM has to allow: actions such as `PutItem`, on tables and `table/index/name`.
    #[serde(skip)]
    pub used: BTreeSet<(&'static str, String)>,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

/// Counts what passes through a client.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    spent: Spent,
    under_way: u32,
}

impl Meter {
    /// What was spent since the last time.
    pub fn take(&self) -> Spent {
        std::mem::take(&mut *self.0.lock().expect("no test panics while counting")).spent
    }

    fn begin(&self, operation: &'static str, used: Vec<(&'static str, String)>) {
        let mut reading = self.0.lock().expect("no test panics while counting");
        reading.spent.rounds += u32::from(reading.under_way == 0);
        reading.under_way += 1;
        *reading.spent.calls.entry(operation).or_default() += 1;
        reading.spent.used.extend(used);
    }

    fn end(&self) {
        let mut reading = self.0.lock().expect("no test panics while counting");
        reading.under_way = reading.under_way.saturating_sub(1);
    }

    fn consume(&self, capacity: &[ConsumedCapacity], writes: bool) {
        let units: f64 = capacity.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        let spent = &mut self.0.lock().expect("no test panics while counting").spent;
        if writes {
            spent.write_units += units;
        } else {
            spent.read_units += units;
        }
    }
}

macro_rules! operations {
    ($($name:literal $input:ident $output:ident $writes:literal $used:expr, $capacity:expr,)+) => {
        impl Intercept for Meter {
            fn name(&self) -> &'static str {
                "Meter"
            }

            fn modify_before_serialization(
                &self,
                context: &mut BeforeSerializationInterceptorContextMut<'_>,
                _: &RuntimeComponents,
                _: &mut ConfigBag,
            ) -> Result<(), BoxError> {
                let input = context.input_mut();
                $(if let Some(input) = input.downcast_mut::<$input>() {
                    let used: fn(&$input) -> Vec<(&'static str, String)> = $used;
                    self.begin($name, used(input));
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                })+
                Ok(())
            }

            fn read_after_execution(
                &self,
                context: &FinalizerInterceptorContextRef<'_>,
                _: &RuntimeComponents,
                _: &mut ConfigBag,
            ) -> Result<(), BoxError> {
                self.end();
                if let Some(Ok(output)) = context.output_or_error() {
                    $(if let Some(output) = output.downcast_ref::<$output>() {
                        let capacity: fn(&$output) -> &[ConsumedCapacity] = $capacity;
                        self.consume(capacity(output), $writes);
                    })+
                }
                Ok(())
            }
        }
    };
}

operations! {
    "GetItem" GetItemInput GetItemOutput false
        |i| on("GetItem", i.table_name()),
        |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "BatchGetItem" BatchGetItemInput BatchGetItemOutput false
        |i| i.request_items().into_iter().flatten().flat_map(|(table, _)| on("BatchGetItem", Some(table))).collect(),
        |o| o.consumed_capacity(),
    "Query" QueryInput QueryOutput false
        |i| match (i.table_name(), i.index_name()) {
            (Some(table), Some(index)) => vec![("Query", format!("{table}/index/{index}"))],
            (table, _) => on("Query", table),
        },
        |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "PutItem" PutItemInput PutItemOutput true
        |i| on("PutItem", i.table_name()),
        |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "UpdateItem" UpdateItemInput UpdateItemOutput true
        |i| on("UpdateItem", i.table_name()),
        |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "DeleteItem" DeleteItemInput DeleteItemOutput true
        |i| on("DeleteItem", i.table_name()),
        |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "TransactWriteItems" TransactWriteItemsInput TransactWriteItemsOutput true
        |i| i.transact_items().iter().flat_map(written).collect(),
        |o| o.consumed_capacity(),
}

fn on(action: &'static str, table: Option<&str>) -> Vec<(&'static str, String)> {
    table.map(|table| (action, table.to_owned())).into_iter().collect()
}

/// A transaction needs what its parts would need alone.
fn written(item: &TransactWriteItem) -> Vec<(&'static str, String)> {
    [
        on("PutItem", item.put().map(Put::table_name)),
        on("UpdateItem", item.update().map(Update::table_name)),
        on("DeleteItem", item.delete().map(Delete::table_name)),
        on("ConditionCheckItem", item.condition_check().map(ConditionCheck::table_name)),
    ]
    .concat()
}
