//! The texts that the server alone writes: the page of one's own account, which runs no script, what a
//! conversation says to a browser that runs none, and what only machines read of a page.

use chrono::{DateTime, Datelike, Utc};

use super::Phrase;

type Text = &'static str;

/// All texts that only the server writes, in one language.
#[derive(Debug)]
pub struct ServerWords {
    /// What search engines say of Mosaic.
    pub(crate) description: Text,

    // A conversation without scripts.
    pub(crate) earlier_need_scripts: Text,
    pub(crate) blank_message: Text,
    pub(crate) long_message: Text,
    pub(crate) nul_in_message: Text,
    pub(crate) sent_before: Text,

    // The account.
    pub(crate) devices: Text,
    pub(crate) unknown_device: Text,
    pub(crate) another_program: Text,
    /// Between a browser and its system.
    pub(crate) on_system: Text,
    pub(crate) this_device: Text,
    pub(crate) logged_in: Text,
    pub(crate) last_used: Text,
    pub(crate) end: Text,
    pub(crate) end_device: Phrase,
    pub(crate) device_ended: Text,
    pub(crate) device_not_found: Text,
    pub(crate) change_password: Text,
    pub(crate) current_password: Text,
    pub(crate) new_password: Text,
    pub(crate) password_changed: Text,
    pub(crate) wrong_password: Text,
    pub(crate) weak_new_password: Text,
    pub(crate) your_data: Text,
    pub(crate) your_data_text: Text,
    pub(crate) download: Text,
    pub(crate) delete_account: Text,
    pub(crate) delete_account_text: Text,
    pub(crate) delete_confirm: Text,
    pub(crate) delete_unconfirmed: Text,
    pub(crate) did_not_work: Text,

    // Dates, where no browser is there to write them.
    pub(crate) months: [Text; 12],
    /// Between the day and the month.
    pub(crate) of_month: Text,
}

impl ServerWords {
    /// A moment to the minute. The server does not know the reader's zone, and says so.
    #[must_use]
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        let month = self.months[at.month0() as usize];
        format!("{}{}{month} {}, {} UTC", at.day(), self.of_month, at.year(), at.format("%H:%M"))
    }

    /// What a device was described as (see `server::device`), in this language.
    #[must_use]
    pub fn device(&self, description: &str) -> String {
        let (program, system) = match description.split_once(" on ") {
            Some((program, system)) => (program, Some(system)),
            None => (description, None),
        };
        let program = match program {
            "" => self.unknown_device,
            "Another program" => self.another_program,
            program => program,
        };
        match system {
            Some(system) => [program, self.on_system, system].concat(),
            None => program.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Locale;

    #[test]
    fn moments_are_written_as_the_language_writes_them() {
        let at = DateTime::from_timestamp(1_772_533_860, 0).expect("a moment in range");
        let written = Locale::ALL.map(|locale| locale.server_words().moment(at));
        assert_eq!(written, ["3 March 2026, 10:31 UTC", "3. März 2026, 10:31 UTC", "3 במרץ 2026, 10:31 UTC"]);
    }

    #[test]
    fn devices_are_described_in_every_language() {
        for (described, german) in [
            ("Firefox on Linux", "Firefox auf Linux"),
            ("Another program on Android", "Anderes Programm auf Android"),
            ("Another program", "Anderes Programm"),
            ("Safari", "Safari"),
            ("", "Unbekanntes Gerät"),
        ] {
            assert_eq!(Locale::German.server_words().device(described), german);
            let english = Locale::English.server_words().device(described);
            assert!(english == described || described.is_empty(), "{english}");
        }
    }
}
