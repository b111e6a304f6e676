//! What each run did, as a metric.

use jiff::Timestamp;
use serde_json::json;

use crate::{Chore, Done};

/// Where CloudWatch keeps the metrics of hubs.
const NAMESPACE: &str = "CareHub";

/// One line for standard output from which CloudWatch makes metrics: how much a run of a chore of a
/// hub did, and how much it failed to do. What it did in particular stands beside them.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
pub fn line(hub: &str, chore: Chore, done: Done, now: Timestamp) -> String {
    let metrics = json!([{"Name": "Done", "Unit": "Count"}, {"Name": "Failed", "Unit": "Count"}]);
    let line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE, "Dimensions": [["Hub", "Chore"]], "Metrics": metrics,
            }],
        },
        "Hub": hub,
        "Chore": chore.name(),
        "Done": done.count(),
        "Failed": done.failed(),
        "Details": done,
    });
    line.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{Missed, Swept};

    #[test]
    fn a_run_is_one_line_that_names_its_metrics() {
        let now = Timestamp::from_second(1).unwrap();
        let done = Done::Missed(Missed { appointments: 3, failed: 1 });
        let line = line("carehub-dev", Chore::NoShows, done, now);
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1000,
                    "CloudWatchMetrics": [{
                        "Namespace": "CareHub",
                        "Dimensions": [["Hub", "Chore"]],
                        "Metrics": [
                            {"Name": "Done", "Unit": "Count"}, {"Name": "Failed", "Unit": "Count"},
                        ],
                    }],
                },
                "Hub": "carehub-dev", "Chore": "no-shows", "Done": 3, "Failed": 1,
                "Details": {"appointments": 3, "failed": 1},
            })
        );
    }

    #[test]
    fn every_chore_is_called_what_its_schedule_calls_it() {
        for chore in Chore::ALL {
            assert_eq!(json!(chore), json!({"job": chore.name()}));
        }
        let swept = Done::Swept(Swept { codes: 2, sessions: 3 });
        assert_eq!((swept.count(), swept.failed()), (5, 0));
    }
}
