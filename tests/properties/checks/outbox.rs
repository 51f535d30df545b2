//! What a browser's storage holds for the outbox: anybody's handwriting.

use mosaic::chat::{Delivery, Millis, Outbox, OutboxItem};
use mosaic::domain::{ClientId, UserId};
use serde_json::Value;
use uuid::Uuid;

use super::device::{ADA, Device};

/// Every item that says what somebody wrote to whom is read, in its order; a device that starts with the
/// outbox loses none.
pub fn check(bytes: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<Value>(bytes) else { return };
    let read: Outbox = serde_json::from_slice(bytes).expect("any JSON is an outbox, if an empty one");
    let list = |name: &str| stored.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let items: Vec<_> = list("items").iter().filter_map(legible).collect();
    assert_eq!(read.items(), items);
    let settled: Vec<ClientId> = list("settled").iter().filter_map(id).map(ClientId).collect();
    assert_eq!(read.settled(), settled);
    survives(&read);
}

fn legible(item: &Value) -> Option<OutboxItem> {
    Some(OutboxItem {
        client_id: ClientId(id(&item["client_id"])?),
        peer: UserId(id(&item["peer"])?),
        content: item["content"].as_str()?.to_owned(),
        queued_at: Millis(item["queued_at"].as_u64().unwrap_or(0)),
        failed: item["failed"].as_str().map(str::to_owned),
    })
}

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

/// A device that starts with this outbox has all of it, shows it, and hands it on as it is.
pub fn survives(stored: &Outbox) {
    let device = Device::live(stored.clone());
    for item in stored.items().iter().filter(|item| !stored.settled().contains(&item.client_id)) {
        let kept = device.session.outbox().items().iter().find(|kept| kept.client_id == item.client_id);
        let kept = kept.unwrap_or_else(|| panic!("{item:?} got lost"));
        if kept.peer == ADA {
            let shown = device.shown().into_iter().filter(|entry| entry.key.client_id == item.client_id);
            let shown: Vec<_> = shown.collect();
            assert_eq!(shown.len(), 1, "{item:?} is shown as {shown:?}");
            assert_eq!(*shown[0].content, *kept.content);
            assert_eq!(shown[0].delivery == Delivery::Sending, kept.failed.is_none());
        }
    }
    let written = serde_json::to_string(device.session.outbox()).expect("an outbox can be written");
    assert_eq!(serde_json::from_str::<Outbox>(&written).ok().as_ref(), Some(device.session.outbox()));
    // Another tab that takes it over has nothing to add.
    assert_eq!(&device.session.outbox().combined(device.session.outbox().clone()), device.session.outbox());
}
