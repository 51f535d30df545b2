//! What comes from outside as JSON, read field by field, so that every refusal names its field.

use serde_json::{Map, Value};

use super::error::ServiceError;
use crate::domain::{ClientId, Seq, UserId};

/// The fields of one JSON object.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Takes the fields of an object.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for any other JSON value.
    pub fn of(value: Value) -> Result<Self, ServiceError> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(ServiceError::invalid("body", "A JSON object is expected.")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] naming the field.
    pub fn text(&self, field: &'static str) -> Result<&str, ServiceError> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(ServiceError::invalid(field, "A text is expected.")),
            None => Err(ServiceError::invalid(field, "This field is missing.")),
        }
    }

    /// A person's id that must be there.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] naming the field.
    pub fn user(&self, field: &'static str) -> Result<UserId, ServiceError> {
        self.text(field)?.parse().map_err(|_| ServiceError::invalid(field, "A UUID is expected."))
    }

    /// A `client_id` that may be missing or null.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is there and no UUID.
    pub fn client_id(&self) -> Result<Option<ClientId>, ServiceError> {
        match self.0.get("client_id") {
            None | Some(Value::Null) => Ok(None),
            Some(_) => {
                let id = self.text("client_id")?.parse();
                id.map(Some).map_err(|_| ServiceError::invalid("client_id", "A UUID is expected."))
            }
        }
    }

    /// A position that must be there and be at least 1.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] naming the field.
    pub fn seq(&self, field: &'static str) -> Result<Seq, ServiceError> {
        match self.0.get(field) {
            None => Err(ServiceError::invalid(field, "This field is missing.")),
            Some(value) => value
                .as_u64()
                .map(Seq)
                .filter(|seq| (Seq(1)..=Seq::MAX).contains(seq))
                .ok_or_else(|| ServiceError::invalid(field, "A whole number from 1 on is expected.")),
        }
    }

    /// A yes or no that may be missing.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for anything else.
    pub fn flag(&self, field: &'static str) -> Result<Option<bool>, ServiceError> {
        match self.0.get(field) {
            None => Ok(None),
            Some(Value::Bool(on)) => Ok(Some(*on)),
            Some(_) => Err(ServiceError::invalid(field, "True or false is expected.")),
        }
    }

    /// Any value.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }
}

/// The parameters of a query string, in order.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part behind the question mark.
    #[must_use]
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// The value of a parameter that may be missing.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is given twice.
    pub fn optional(&self, name: &'static str) -> Result<Option<&str>, ServiceError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        match values.next() {
            Some(_) => Err(ServiceError::invalid(name, "This parameter may be given once.")),
            None => Ok(first),
        }
    }

    /// A whole number within bounds, or `default` when it is missing.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is no number or out of bounds.
    pub fn limit(&self, default: u32) -> Result<u32, ServiceError> {
        match self.optional("limit")? {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=200).contains(limit)).ok_or_else(|| {
                    ServiceError::invalid("limit", "A whole number from 1 to 200 is expected.")
                })
            }
        }
    }

    /// A whole number of at least `min`, if given.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is no number or below `min`.
    pub fn number(&self, name: &'static str, min: u64) -> Result<Option<u64>, ServiceError> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        match text.parse::<u64>() {
            Ok(number) if number >= min => Ok(Some(number.min(i64::MAX.cast_unsigned()))),
            _ => Err(ServiceError::invalid(name, "A whole number is expected.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field_of<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
        match result.unwrap_err() {
            ServiceError::Invalid { field, .. } => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_refusal_names_its_field() {
        let fields = Fields::of(json!({"seq": 0, "content": 7, "client_id": "x", "big": 1e300})).unwrap();
        assert_eq!(field_of(fields.seq("seq")), "seq");
        assert_eq!(field_of(fields.seq("big")), "big");
        assert_eq!(field_of(fields.text("content")), "content");
        assert_eq!(field_of(fields.client_id()), "client_id");
        assert_eq!(field_of(fields.user("receiver_id")), "receiver_id");
        assert_eq!(field_of(Fields::of(json!([]))), "body");
    }

    #[test]
    fn limits_are_bounded_and_single() {
        for bad in ["limit=0", "limit=-1", "limit=1000000000", "limit=x", "limit=", "limit=1&limit=2"] {
            assert_eq!(field_of(Query::parse(Some(bad)).limit(50)), "limit", "{bad}");
        }
        assert_eq!(Query::parse(None).limit(50).unwrap(), 50);
        assert_eq!(Query::parse(Some("limit=200")).limit(50).unwrap(), 200);
    }
}
