//! What a rule's template sees: labels, values, samples.

use std::sync::Arc;

use super::RuleData;
use crate::model::number::format_float;
use crate::model::{Histogram, LabelSet, Sample, SampleValue};
use crate::template::go::value::{Shape, Struct};
use crate::template::go::{CallError, Object, Signature, Value};

/// The type of a list of samples.
pub(super) const QUERY_RESULT: &str = "template.queryResult";
/// The type of a sample.
pub(super) const SAMPLE: &str = "*template.sample";

/// A label set as the map that it is in Go.
#[derive(Debug)]
struct Labels(LabelSet);

impl Object for Labels {
    fn type_name(&self) -> &str {
        "map[string]string"
    }

    fn shape(&self) -> Shape {
        Shape::Map
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        let value = |text: &str| Value::Str(text.into());
        self.0.iter().map(|(name, text)| (value(name), value(text))).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.get(name).map(|text| Value::Str(text.into()))
    }

    fn zero(&self) -> Value {
        Value::str("")
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// A native histogram, which prints as Prometheus prints it.
#[derive(Debug)]
struct FloatHistogram(Arc<Histogram>);

impl Object for FloatHistogram {
    fn type_name(&self) -> &str {
        "*histogram.FloatHistogram"
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        vec![(Value::str("Count"), Value::Float(self.0.count)), (Value::str("Sum"), Value::Float(self.0.sum))]
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature::fixed(&[]))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::str(&self.string().unwrap_or_default()))
    }

    fn string(&self) -> Option<String> {
        let number = |value: f64| format_float(value, 'g', None);
        let mut text = format!("{{count:{}, sum:{}", number(self.0.count), number(self.0.sum));
        for bucket in &self.0.buckets {
            let (open, close) = match bucket.bounds {
                0 => ('(', ']'),
                1 => ('[', ')'),
                2 => ('(', ')'),
                _ => ('[', ']'),
            };
            let (lower, upper) = (number(bucket.lower), number(bucket.upper));
            text.push_str(&format!(", {open}{lower},{upper}{close}:{}", number(bucket.count)));
        }
        Some(text + "}")
    }
}

fn value(value: &SampleValue) -> Value {
    match value {
        SampleValue::Float(number) => Value::Float(*number),
        SampleValue::Histogram(histogram) => Value::object(FloatHistogram(Arc::clone(histogram))),
    }
}

/// A sample of a query's result.
pub(super) fn sample(sample: &Sample) -> Value {
    Value::object(Struct {
        type_name: SAMPLE,
        fields: vec![
            ("Labels", Value::object(Labels(sample.labels.clone()))),
            ("Value", value(&sample.value)),
        ],
        interfaces: &["Value"],
    })
}

/// The struct that a rule's template starts with.
pub(super) fn dot(data: &RuleData<'_>) -> Value {
    Value::object(Struct {
        type_name: "struct { Labels map[string]string; ExternalLabels map[string]string; \
                    ExternalURL string; Value interface {} }",
        fields: vec![
            ("Labels", Value::object(Labels(data.labels.clone()))),
            ("ExternalLabels", Value::object(Labels(data.external_labels.clone()))),
            ("ExternalURL", Value::str(data.external_url)),
            ("Value", value(data.value)),
        ],
        interfaces: &["Value"],
    })
}
