//! What each run did, as a metric.

use jiff::Timestamp;
use serde_json::json;

use crate::{Chore, Run};

/// Where CloudWatch keeps the metrics of hubs.
const NAMESPACE: &str = "CareHub";

/// One line for standard output from which CloudWatch makes metrics: how much a run of a chore of a
/// hub did, how much it failed to do, how much it was too late for, and whether it left something
/// for want of time, which is counted for the hub as a whole, too. What it did in particular stands beside them.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
pub fn line(hub: &str, chore: Chore, run: Run, now: Timestamp) -> String {
    let Run { done, is_left } = run;
    let metric = |name: &str| json!({"Name": name, "Unit": "Count"});
    let metrics = ["Done", "Failed", "Left", "Skipped"].map(metric);
    let line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [["Hub", "Chore"]], "Metrics": metrics},
                {"Namespace": NAMESPACE, "Dimensions": [["Hub"]], "Metrics": [metric("Left")]},
            ],
        },
        "Hub": hub,
        "Chore": chore.name(),
        "Done": done.count(),
        "Failed": done.failed(),
        "Left": u8::from(is_left),
        "Skipped": done.skipped(),
        "Details": done,
    });
    line.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{Done, Reminded, Swept};

    #[test]
    fn a_run_is_one_line_that_names_its_metrics() {
        let now = Timestamp::from_second(1).unwrap();
        let done = Done::Reminded(Reminded { doses: 3, skipped: 2, failed: 1 });
        let line = line("carehub-dev", Chore::Reminders, Run { done, is_left: true }, now);
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1000,
                    "CloudWatchMetrics": [
                        {
                            "Namespace": "CareHub",
                            "Dimensions": [["Hub", "Chore"]],
                            "Metrics": [
                                {"Name": "Done", "Unit": "Count"},
                                {"Name": "Failed", "Unit": "Count"},
                                {"Name": "Left", "Unit": "Count"},
                                {"Name": "Skipped", "Unit": "Count"},
                            ],
                        },
                        {
                            "Namespace": "CareHub",
                            "Dimensions": [["Hub"]],
                            "Metrics": [{"Name": "Left", "Unit": "Count"}],
                        },
                    ],
                },
                "Hub": "carehub-dev", "Chore": "reminders",
                "Done": 3, "Failed": 1, "Left": 1, "Skipped": 2,
                "Details": {"doses": 3, "skipped": 2, "failed": 1},
            })
        );
    }

    #[test]
    fn every_chore_is_called_what_its_schedule_calls_it() {
        for chore in Chore::ALL {
            assert_eq!(json!(chore), json!({"job": chore.name()}));
        }
        let swept = Done::Swept(Swept { codes: 2, sessions: 3, tickets: 4 });
        assert_eq!((swept.count(), swept.failed(), swept.skipped()), (9, 0, 0));
    }
}
