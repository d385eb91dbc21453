/// What is written down. Names are stable: a report may be made from them.
macro_rules! actions {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($variant,)+
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// `noun.verb`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

actions! {
    AccessCodeSet = "access_code.set",
    AccessDenied = "access.denied",
    ApiKeyCreate = "api_key.create",
    ApiKeyRevoke = "api_key.revoke",
    AttendeeCutOffSet = "attendee_cut_off.set",
    AttendeeUpdate = "attendee.update",
    AvatarDelete = "avatar.delete",
    AvatarSet = "avatar.set",
    BlockRelease = "block.release",
    BlockWithhold = "block.withhold",
    BoxOfficeHold = "box_office.hold",
    BoxOfficePayout = "box_office.payout",
    BoxOfficeRelease = "box_office.release",
    BoxOfficeSale = "box_office.sale",
    CalendarFeedRevoke = "calendar_feed.revoke",
    CalendarFeedSet = "calendar_feed.set",
    CheckInListCreate = "check_in_list.create",
    CheckInListDelete = "check_in_list.delete",
    CheckInListUpdate = "check_in_list.update",
    DiscountCodeSet = "discount_code.set",
    EmailChange = "email.change",
    EmailConfirm = "email.confirm",
    EventCancel = "event.cancel",
    EventClone = "event.clone",
    EventCreate = "event.create",
    EventDelete = "event.delete",
    EventPublish = "event.publish",
    EventUpdate = "event.update",
    IdentityLink = "identity.link",
    IdentityUnlink = "identity.unlink",
    ImageAdd = "image.add",
    ImageDelete = "image.delete",
    ImageOrder = "image.order",
    LineOpen = "waiting_room.open",
    LoginFailed = "login.failed",
    LoginLocked = "login.locked",
    MailRetry = "mail.retry",
    OrderRefund = "order.refund",
    OutboxRetry = "outbox.retry",
    PasswordChange = "password.change",
    PasswordReset = "password.reset",
    PaymentRefundDone = "payment_refund.done",
    PaymentRefundRetry = "payment_refund.retry",
    PriorityPassIssue = "priority_pass.issue",
    ProfileUpdate = "profile.update",
    RateLimited = "rate.limited",
    RefreshReused = "refresh.reused",
    RsvpLimit = "rsvp.limit",
    ScanUndo = "scan.undo",
    ScannerCreate = "scanner.create",
    ScannerRevoke = "scanner.revoke",
    SeatMapSet = "seat_map.set",
    SecondFactorOff = "second_factor.off",
    SecondFactorOn = "second_factor.on",
    SecondFactorReset = "second_factor.reset",
    SessionEnd = "session.end",
    SessionEndAll = "session.end_all",
    SeriesAddSessions = "series.add_sessions",
    SeriesCreate = "series.create",
    SeriesDelete = "series.delete",
    SeriesRemoveSession = "series.remove_session",
    SeriesUpdate = "series.update",
    StaffAdd = "staff.add",
    StaffRemove = "staff.remove",
    StaffUpdate = "staff.update",
    TierCreate = "tier.create",
    TierDelete = "tier.delete",
    TierUpdate = "tier.update",
    TokenRefused = "token.refused",
    TransferAccept = "ticket_transfer.accept",
    TransferCancel = "ticket_transfer.cancel",
    TransferDecline = "ticket_transfer.decline",
    TransferOffer = "ticket_transfer.offer",
    UserErase = "user.erase",
    UserRegister = "user.register",
    UserUpdate = "user.update",
    VenueCreate = "venue.create",
    VenueDelete = "venue.delete",
    VenueSeatMapDelete = "venue_seat_map.delete",
    VenueSeatMapSet = "venue_seat_map.set",
    VenueUpdate = "venue.update",
    WaitingRoomSet = "waiting_room.set",
    WaitlistRemove = "waitlist_entry.remove",
    WaitlistSet = "waitlist.set",
    WithdrawalDecide = "withdrawal.decide",
    WithdrawalRequest = "withdrawal.request",
    WithdrawalReveal = "withdrawal.reveal",
    WebhookCreate = "webhook.create",
    WebhookDelete = "webhook.delete",
    WebhookReplay = "webhook.replay",
    WebhookRotate = "webhook.rotate",
    WebhookUpdate = "webhook.update",
}

impl Action {
    /// The kind of object that it is done to.
    pub fn noun(self) -> &'static str {
        self.name().split('.').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_action_has_a_name_of_its_own_made_of_a_noun_and_a_verb() {
        let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        for name in names {
            assert!(name.split_once('.').is_some_and(|(noun, verb)| is_word(noun) && is_word(verb)), "{name}");
        }
    }
}
