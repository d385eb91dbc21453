use crate::stage::Stage;

#[test]
fn the_same_key_gets_the_same_answer_and_no_second_effect() {
    let mut stage = Stage::on_sale("A 1000 | oooooooo");
    stage.play(
        "hold h1 ann best*2 key=k1/a -> A-1-4 A-1-5
         # The retry carries another hold id: its first answer counts.
         hold h2 ann best*2 key=k1/a -> A-1-4 A-1-5
         hold h3 ann best*3 key=k1/b -> IDEMPOTENCY_KEY_REUSED
         hold h4 ann best*2 key=k2/a -> A-1-2 A-1-3
         seats                       -> fhhhhfff
         # A refusal is not remembered: the next try may succeed.
         hold h5 bob A-1-4 key=k3/a  -> SEATS_TAKEN A-1-4
         release h1 ann key=k4/a     -> released
         hold h5 bob A-1-4 key=k3/a  -> A-1-4
         release h1 ann key=k4/a     -> released
         hold h6 ann best*2 key=k1/a -> A-1-4 A-1-5",
    );
    let key = {
        let mut key = [0; 16];
        key[..2].copy_from_slice(b"k1");
        key
    };
    assert_eq!(stage.inventory.lsn_of_key(&key), Some(crate::Lsn(4)));
    assert_eq!(stage.inventory.lsn_of_key(&[9; 16]), None);
    stage.check();
}

#[test]
fn keys_are_forgotten_after_a_day() {
    let mut stage = Stage::on_sale("A 1000 | oooooooo");
    stage
        .play(
            "hold h1 ann A-1-1 key=k1/a  -> A-1-1
             tick 24h
             hold h2 ann A-1-2 key=k1/a  -> A-1-1
             tick 1s
             expire                      -> expired 1
             hold h2 ann A-1-2 key=k1/b  -> A-1-2
             hold h3 ann A-1-2 key=k1/b  -> A-1-2
             hold h3 ann A-1-3 key=k1/a  -> IDEMPOTENCY_KEY_REUSED",
        )
        .check();
}
