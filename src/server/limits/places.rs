//! How many of something one address may have at a time. Bounded by what there is: an address
//! without any is not remembered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See the module's documentation.
#[derive(Debug)]
pub struct Places {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One of them; given back when dropped.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Places {
    /// So many for each address.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// One more for this address, if it may have one.
    #[must_use]
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let mut taken = lock(&self.taken);
        let count = taken.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { taken: Arc::clone(&self.taken), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_there_again_once_it_is_given_back() {
        let (places, address) = (Places::new(2), IpAddr::from([10, 0, 0, 1]));
        let first = places.take(address).unwrap();
        let second = places.take(address).unwrap();
        assert!(places.take(address).is_none());
        assert!(places.take(IpAddr::from([10, 0, 0, 2])).is_some(), "others have their own");
        drop(first);
        assert!(places.take(address).is_some());
        drop(second);
        assert!(lock(&places.taken).is_empty(), "who has none is remembered");
    }
}
