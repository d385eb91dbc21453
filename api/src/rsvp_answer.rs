use persistence::RsvpAnswer;

pub const fn stored(answer: wire::RsvpAnswer) -> RsvpAnswer {
    match answer {
        wire::RsvpAnswer::Yes => RsvpAnswer::Yes,
        wire::RsvpAnswer::No => RsvpAnswer::No,
        wire::RsvpAnswer::Maybe => RsvpAnswer::Maybe,
    }
}

pub const fn render(answer: RsvpAnswer) -> wire::RsvpAnswer {
    match answer {
        RsvpAnswer::Yes => wire::RsvpAnswer::Yes,
        RsvpAnswer::No => wire::RsvpAnswer::No,
        RsvpAnswer::Maybe => wire::RsvpAnswer::Maybe,
    }
}
