//! What requests cost: calls to DynamoDB and the units they consume.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef,
        },
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
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};
use serde::Serialize;

/// What was spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    /// How often each operation was called.
    pub calls: BTreeMap<&'static str, u32>,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

/// Counts what passes through a client.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Spent>>);

impl Meter {
    /// What was spent since the last time.
    pub fn take(&self) -> Spent {
        std::mem::take(&mut *self.0.lock().expect("no test panics while counting"))
    }

    fn count(&self, operation: &'static str) {
        let mut spent = self.0.lock().expect("no test panics while counting");
        *spent.calls.entry(operation).or_default() += 1;
    }

    fn consume(&self, capacity: &[ConsumedCapacity], writes: bool) {
        let units: f64 = capacity.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        let mut spent = self.0.lock().expect("no test panics while counting");
        if writes {
            spent.write_units += units;
        } else {
            spent.read_units += units;
        }
    }
}

macro_rules! operations {
    ($($name:literal $input:ident $output:ident $writes:literal $capacity:expr,)+) => {
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
                    self.count($name);
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
    "GetItem" GetItemInput GetItemOutput false |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "BatchGetItem" BatchGetItemInput BatchGetItemOutput false |o| o.consumed_capacity(),
    "Query" QueryInput QueryOutput false |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "PutItem" PutItemInput PutItemOutput true |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "UpdateItem" UpdateItemInput UpdateItemOutput true |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "DeleteItem" DeleteItemInput DeleteItemOutput true |o| o.consumed_capacity().map_or(&[], std::slice::from_ref),
    "TransactWriteItems" TransactWriteItemsInput TransactWriteItemsOutput true |o| o.consumed_capacity(),
}
