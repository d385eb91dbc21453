//! The schema, in steps. See `migrations/README.md`.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

struct Step {
    number: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        number: 1,
        name: "init",
        postgres: include_str!("../migrations/postgres/0001_init.sql"),
        sqlite: include_str!("../migrations/sqlite/0001_init.sql"),
    },
    Step {
        number: 2,
        name: "waiting_rooms",
        postgres: include_str!("../migrations/postgres/0002_waiting_rooms.sql"),
        sqlite: include_str!("../migrations/sqlite/0002_waiting_rooms.sql"),
    },
    Step {
        number: 3,
        name: "lease_terms",
        postgres: include_str!("../migrations/postgres/0003_lease_terms.sql"),
        sqlite: include_str!("../migrations/sqlite/0003_lease_terms.sql"),
    },
    Step {
        number: 4,
        name: "mail",
        postgres: include_str!("../migrations/postgres/0004_mail.sql"),
        sqlite: include_str!("../migrations/sqlite/0004_mail.sql"),
    },
    Step {
        number: 5,
        name: "identities",
        postgres: include_str!("../migrations/postgres/0005_identities.sql"),
        sqlite: include_str!("../migrations/sqlite/0005_identities.sql"),
    },
    Step {
        number: 6,
        name: "access",
        postgres: include_str!("../migrations/postgres/0006_access.sql"),
        sqlite: include_str!("../migrations/sqlite/0006_access.sql"),
    },
    Step {
        number: 7,
        name: "catalogue",
        postgres: include_str!("../migrations/postgres/0007_catalogue.sql"),
        sqlite: include_str!("../migrations/sqlite/0007_catalogue.sql"),
    },
    Step {
        number: 8,
        name: "images_and_venues",
        postgres: include_str!("../migrations/postgres/0008_images_and_venues.sql"),
        sqlite: include_str!("../migrations/sqlite/0008_images_and_venues.sql"),
    },
    Step {
        number: 9,
        name: "audience",
        postgres: include_str!("../migrations/postgres/0009_audience.sql"),
        sqlite: include_str!("../migrations/sqlite/0009_audience.sql"),
    },
    Step {
        number: 10,
        name: "audit_log",
        postgres: include_str!("../migrations/postgres/0010_audit_log.sql"),
        sqlite: include_str!("../migrations/sqlite/0010_audit_log.sql"),
    },
    Step {
        number: 11,
        name: "finding",
        postgres: include_str!("../migrations/postgres/0011_finding.sql"),
        sqlite: include_str!("../migrations/sqlite/0011_finding.sql"),
    },
    Step {
        number: 12,
        name: "calendars",
        postgres: include_str!("../migrations/postgres/0012_calendars.sql"),
        sqlite: include_str!("../migrations/sqlite/0012_calendars.sql"),
    },
    Step {
        number: 13,
        name: "access_changes",
        postgres: include_str!("../migrations/postgres/0013_access_changes.sql"),
        sqlite: include_str!("../migrations/sqlite/0013_access_changes.sql"),
    },
    Step {
        number: 14,
        name: "venues_and_attendees",
        postgres: include_str!("../migrations/postgres/0014_venues_and_attendees.sql"),
        sqlite: include_str!("../migrations/sqlite/0014_venues_and_attendees.sql"),
    },
    Step {
        number: 15,
        name: "attempts",
        postgres: include_str!("../migrations/postgres/0015_attempts.sql"),
        sqlite: include_str!("../migrations/sqlite/0015_attempts.sql"),
    },
    Step {
        number: 16,
        name: "payments",
        postgres: include_str!("../migrations/postgres/0016_payments.sql"),
        sqlite: include_str!("../migrations/sqlite/0016_payments.sql"),
    },
    Step {
        number: 17,
        name: "money",
        postgres: include_str!("../migrations/postgres/0017_money.sql"),
        sqlite: include_str!("../migrations/sqlite/0017_money.sql"),
    },
    Step {
        number: 18,
        name: "ticket_transfers",
        postgres: include_str!("../migrations/postgres/0018_ticket_transfers.sql"),
        sqlite: include_str!("../migrations/sqlite/0018_ticket_transfers.sql"),
    },
    Step {
        number: 19,
        name: "door",
        postgres: include_str!("../migrations/postgres/0019_door.sql"),
        sqlite: include_str!("../migrations/sqlite/0019_door.sql"),
    },
    Step {
        number: 20,
        name: "jobs",
        postgres: include_str!("../migrations/postgres/0020_jobs.sql"),
        sqlite: include_str!("../migrations/sqlite/0020_jobs.sql"),
    },
    Step {
        number: 21,
        name: "box_office",
        postgres: include_str!("../migrations/postgres/0021_box_office.sql"),
        sqlite: include_str!("../migrations/sqlite/0021_box_office.sql"),
    },
    Step {
        number: 22,
        name: "seams",
        postgres: include_str!("../migrations/postgres/0022_seams.sql"),
        sqlite: include_str!("../migrations/sqlite/0022_seams.sql"),
    },
    Step {
        number: 23,
        name: "erasure",
        postgres: include_str!("../migrations/postgres/0023_erasure.sql"),
        sqlite: include_str!("../migrations/sqlite/0023_erasure.sql"),
    },
    Step {
        number: 24,
        name: "waitlist",
        postgres: include_str!("../migrations/postgres/0024_waitlist.sql"),
        sqlite: include_str!("../migrations/sqlite/0024_waitlist.sql"),
    },
    Step {
        number: 25,
        name: "prices",
        postgres: include_str!("../migrations/postgres/0025_prices.sql"),
        sqlite: include_str!("../migrations/sqlite/0025_prices.sql"),
    },
    Step {
        number: 26,
        name: "near",
        postgres: include_str!("../migrations/postgres/0026_near.sql"),
        sqlite: include_str!("../migrations/sqlite/0026_near.sql"),
    },
    Step {
        number: 27,
        name: "covering",
        postgres: include_str!("../migrations/postgres/0027_covering.sql"),
        sqlite: include_str!("../migrations/sqlite/0027_covering.sql"),
    },
    Step {
        number: 28,
        name: "place_numbers",
        postgres: include_str!("../migrations/postgres/0028_place_numbers.sql"),
        sqlite: include_str!("../migrations/sqlite/0028_place_numbers.sql"),
    },
];

/// File names of all migrations, oldest first: a test holds them against the folders.
pub fn migration_names() -> Vec<String> {
    STEPS.iter().map(|step| format!("{:04}_{}.sql", step.number, step.name)).collect()
}

pub(crate) fn postgres() -> Migrator {
    migrator(|step| step.postgres)
}

pub(crate) fn sqlite() -> Migrator {
    migrator(|step| step.sqlite)
}

fn migrator(text: impl Fn(&Step) -> &'static str) -> Migrator {
    let migration = |step: &Step| {
        Migration::new(step.number, step.name.into(), MigrationType::Simple, text(step).into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}
