use crate::time;

pub fn render(scanner: persistence::Scanner) -> wire::Scanner {
    wire::Scanner {
        id: scanner.id,
        name: scanner.name,
        prefix: scanner.prefix,
        list: scanner.list_id,
        gate: scanner.gate,
        created_at: time::utc(scanner.created_at),
        expires_at: scanner.expires_at.map(time::utc),
        last_used_at: scanner.last_used_at.map(time::utc),
    }
}
