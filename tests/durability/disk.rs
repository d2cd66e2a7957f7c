//! The disk is full, read-only, damaged, newer than we, or somebody else's.

use rusqlite::Connection;
use serde_json::Value;

use super::eventually;
use super::place::SmallDisk;
use super::receiver::Receiver;
use super::server::{Home, Server};

/// A server that can keep nothing: notifications go on, and everyone who asks is told.
async fn is_degraded(server: &Server, receiver: &Receiver, name: &str, why: &str) {
    let (status, said) = server.post_alert(name, name).await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains(why), "{said}");
    eventually("the alert is told in spite of it", || async { receiver.knows(name).then_some(()) }).await;
    assert!(server.alerts().await.contains(&name.to_owned()), "it is in force");
    let (status, store) = server.health().await;
    assert_eq!(status, 503);
    assert_eq!(store["status"], "degraded");
    assert!(store["error"].as_str().expect("a reason").contains(why), "{store}");
    assert!(store["since"].is_string() && store["unsaved_records"].as_u64() > Some(0), "{store}");
    assert_eq!(server.get("/health/ready").await.0, 200, "to send it no requests would not help");
    assert_eq!(server.metric("sereno_store_degraded").await, "1");
    assert_ne!(server.metric("sereno_store_unsaved_records").await, "0");
    let begun = server.log().matches("is kept in memory only").count();
    assert_eq!(begun, 1, "said once:\n{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_nothing_is_lost_once_there_is_room() {
    let Some(disk) = SmallDisk::new() else { return };
    let receiver = Receiver::start().await;
    let home = Home::on(&receiver.url(), disk);
    let server = home.start();
    assert_eq!(server.post_alert("Before", "a").await.0, 200);
    home.disk().fill();
    // The first few may still fit in the log, which is there already.
    for number in 0.. {
        let name = format!("Fits{number}");
        let (status, said) = server.post_alert(&name, &"x".repeat(10_000)).await;
        if status != 200 {
            assert!(status == 503 && said.contains("full"), "{status} {said}");
            break;
        }
    }
    is_degraded(&server, &receiver, "Meanwhile", "full").await;
    home.disk().make_room();
    server.wait_well().await;
    assert_eq!(server.metric("sereno_store_degraded").await, "0");
    assert_eq!(server.metric("sereno_store_unsaved_records").await, "0");
    assert_eq!(server.post_alert("After", "b").await.0, 200);
    assert!(server.log().contains("written to disk again"), "{}", server.log());
    server.kill();

    let server = home.start();
    for name in ["Before", "Meanwhile", "After"] {
        assert!(server.alerts().await.contains(&name.to_owned()), "{name}");
    }
    home.disk().fill();
    server.kill();
    let server = home.start();
    for name in ["Before", "Meanwhile", "After"] {
        assert!(server.alerts().await.contains(&name.to_owned()), "{name} is read from a full disk");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_is_read_told_and_written_once_that_works() {
    let Some(disk) = SmallDisk::new() else { return };
    let receiver = Receiver::start().await;
    let home = Home::on(&receiver.url(), disk);
    let server = home.start();
    assert_eq!(server.post_alert("Before", "a").await.0, 200);
    server.kill();
    home.disk().remount("ro");
    let server = home.start();
    assert_eq!(server.alerts().await, ["Before"]);
    is_degraded(&server, &receiver, "Meanwhile", "ead-only").await;
    home.disk().remount("rw");
    server.wait_well().await;
    assert_eq!(server.post_alert("After", "b").await.0, 200);
    server.kill();
    let server = home.start();
    let mut alerts = server.alerts().await;
    alerts.sort();
    assert_eq!(alerts, ["After", "Before", "Meanwhile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_is_told_and_tried_again() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    std::fs::write(&home.data, "a file where the folder should be").expect("written");
    let server = home.start();
    is_degraded(&server, &receiver, "Meanwhile", "cannot make the folder").await;
    std::fs::remove_file(&home.data).expect("removed");
    server.wait_well().await;
    server.kill();
    assert_eq!(home.start().alerts().await, ["Meanwhile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_moved_aside_and_told() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    std::fs::create_dir(&home.data).expect("made");
    std::fs::write(home.file(), "once upon a time".repeat(1000)).expect("written");
    let server = home.start();
    let (status, store) = server.health().await;
    assert_eq!((status, &store["status"], &store["error"]), (503, &"degraded".into(), &Value::Null));
    let names = home.names();
    let aside = names.iter().find(|name| name.starts_with("sereno.db.damaged-")).expect("it is kept");
    assert!(store["notices"][0].as_str().expect("a notice").contains(aside.as_str()), "{store}");
    assert!(server.log().contains("ERROR") && server.log().contains(aside.as_str()), "{}", server.log());
    assert_eq!(server.post_alert("After", "a").await.0, 200, "the new file takes it");
    server.kill();
    let server = home.start();
    assert_eq!(server.alerts().await, ["After"]);
    assert_eq!(server.health().await.1["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_folder_does_not_start() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    let first = home.start();
    let (code, said) = home.start_in_vain();
    assert_eq!(code, Some(2), "{said}");
    let folder = home.data.display().to_string();
    assert!(said.contains("used by another sereno") && said.contains(&folder), "{said}");
    assert_eq!(first.post_alert("Down", "a").await.0, 200, "the first one goes on");
    first.kill();
    assert_eq!(home.start().alerts().await, ["Down"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_version_is_no_reason_to_guess() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    assert!(home.start().stop().success());
    let file = Connection::open(home.file()).expect("a database");
    file.pragma_update(None, "user_version", 99).expect("written");
    drop(file);
    let (code, said) = home.start_in_vain();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("version 99") && said.contains("newer sereno"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_one_file_with_everything() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    let server = home.start();
    assert_eq!(server.post_alert("Down", "a").await.0, 200);
    assert!(server.stop().success());
    assert_eq!(home.names(), ["lock", "sereno.db"], "the log is worked in");
    assert_eq!(home.start().alerts().await, ["Down"]);
}
