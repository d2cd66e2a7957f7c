//! Receivers that are chats.

use super::super::schema::Kind::{
    Bool, GoDuration, Integer, Object, Objects, Path, Secret, SecretUrl, Texts, Url, Word,
};
use super::super::schema::Rule::{NotBoth, NotBothTrue, OneOf, Required, Resolved};
use super::super::schema::{Rule, Table, field, text};
use super::Integration;
use super::table;

pub(super) const WECHAT: Integration = Integration {
    kind: "wechat",
    key: "wechat_configs",
    send_resolved: false,
    http: true,
    table: table(
        "a wechat_configs entry",
        &[
            field("api_secret", Secret).global("wechat_api_secret"),
            field("api_secret_file", Path).global("wechat_api_secret_file"),
            text("corp_id").global("wechat_api_corp_id"),
            text("message").or(r#"{{ template "wechat.default.message" . }}"#),
            field("api_url", Url).global("wechat_api_url"),
            text("to_user").or(r#"{{ template "wechat.default.to_user" . }}"#),
            text("to_party").or(r#"{{ template "wechat.default.to_party" . }}"#),
            text("to_tag").or(r#"{{ template "wechat.default.to_tag" . }}"#),
            text("agent_id").or(r#"{{ template "wechat.default.agent_id" . }}"#),
            field(
                "message_type",
                Word(
                    &["text", "markdown", ""],
                    "weChat message type {} does not match valid options ^(text|markdown)$",
                ),
            )
            .or("text"),
        ],
        &[
            NotBoth(
                &["api_secret"],
                &["api_secret_file"],
                "at most one of api_secret & api_secret_file must be configured",
            ),
            Resolved(
                &["api_secret", "api_secret_file"],
                "no global Wechat Api Secret set either inline or in a file",
            ),
            Resolved(&["corp_id"], "no global Wechat CorpID set"),
        ],
        &[],
    ),
};

const SLACK_FIELD: Table = table(
    "a Slack field",
    &[text("title"), text("value"), field("short", Bool)],
    &[
        Required("title", "missing title in Slack field configuration"),
        Required("value", "missing value in Slack field configuration"),
    ],
    &[],
);

const SLACK_CONFIRM: Table = table(
    "a Slack confirmation",
    &[text("text"), text("title"), text("ok_text"), text("dismiss_text")],
    &[Required("text", "missing text in Slack confirmation configuration")],
    &[],
);

const SLACK_ACTION: Table = table(
    "a Slack action",
    &[
        text("type"),
        text("text"),
        text("url"),
        text("style"),
        text("name"),
        text("value"),
        field("confirm", Object(&SLACK_CONFIRM)),
    ],
    &[
        Required("type", "missing type in Slack action configuration"),
        Required("text", "missing text in Slack action configuration"),
        OneOf(&["url", "name"], "missing name or url in Slack action configuration"),
    ],
    &[],
);

pub(super) const SLACK: Integration = Integration {
    kind: "slack",
    key: "slack_configs",
    send_resolved: false,
    http: true,
    table: table(
        "a slack_configs entry",
        &[
            field("api_url", SecretUrl).global("slack_api_url"),
            field("api_url_file", Path).global("slack_api_url_file"),
            field("app_token", Secret).global("slack_app_token"),
            field("app_token_file", Path).global("slack_app_token_file"),
            field("app_url", Url)
                .global("slack_app_url")
                .or("https://slack.com/api/chat.postMessage")
                .shown_if_changed(),
            text("channel"),
            text("username").or(r#"{{ template "slack.default.username" . }}"#),
            text("color").or(r#"{{ template "slack.default.color" . }}"#),
            text("title").or(r#"{{ template "slack.default.title" . }}"#),
            text("title_link").or(r#"{{ template "slack.default.titlelink" . }}"#),
            text("pretext").or(r#"{{ template "slack.default.pretext" . }}"#),
            text("text").or(r#"{{ template "slack.default.text" . }}"#),
            text("message_text"),
            field("fields", Objects(&SLACK_FIELD)),
            field("short_fields", Bool).or("false"),
            text("footer").or(r#"{{ template "slack.default.footer" . }}"#),
            text("fallback").or(r#"{{ template "slack.default.fallback" . }}"#),
            text("callback_id").or(r#"{{ template "slack.default.callbackid" . }}"#),
            text("icon_emoji").or(r#"{{ template "slack.default.iconemoji" . }}"#),
            text("icon_url").or(r#"{{ template "slack.default.iconurl" . }}"#),
            text("image_url"),
            text("thumb_url"),
            field("link_names", Bool).or("false"),
            field("mrkdwn_in", Texts),
            field("actions", Objects(&SLACK_ACTION)),
            field("update_message", Bool).or("false"),
            field("thread_replies", Bool).or("false").ours(),
            field("timeout", GoDuration),
        ],
        &[
            NotBoth(
                &["api_url"],
                &["api_url_file"],
                "at most one of api_url & api_url_file must be configured",
            ),
            NotBoth(
                &["app_token"],
                &["app_token_file"],
                "at most one of app_token & app_token_file must be configured",
            ),
            NotBoth(
                &["api_url", "api_url_file"],
                &["app_token", "app_token_file"],
                "at most one of api_url/api_url_file & app_token/app_token_file must be configured",
            ),
            Resolved(
                &["api_url", "api_url_file", "app_token", "app_token_file"],
                "no Slack API URL nor App token set either inline or in a file",
            ),
            NotBothTrue(
                "update_message",
                "thread_replies",
                "at most one of update_message & thread_replies can be true",
            ),
        ],
        &[
            ("webhook_url", "the key is called `api_url`"),
            ("url", "the key is called `api_url`"),
            ("token", "the key is called `app_token`"),
            ("message", "the key is called `text`"),
            ("body", "the key is called `text`"),
        ],
    ),
};

pub(super) const TELEGRAM: Integration = Integration {
    kind: "telegram",
    key: "telegram_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a telegram_configs entry",
        &[
            field("api_url", Url).global("telegram_api_url"),
            field("bot_token", Secret).global("telegram_bot_token"),
            field("bot_token_file", Path).global("telegram_bot_token_file"),
            field("chat_id", Integer),
            field("chat_id_file", Path),
            field("message_thread_id", Integer),
            text("message").or(r#"{{ template "telegram.default.message" . }}"#),
            field("disable_notifications", Bool).or("false"),
            field(
                "parse_mode",
                Word(
                    &["", "Markdown", "MarkdownV2", "HTML"],
                    "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
                ),
            )
            .or("HTML"),
        ],
        &[
            NotBoth(
                &["bot_token"],
                &["bot_token_file"],
                "at most one of bot_token & bot_token_file must be configured",
            ),
            OneOf(&["chat_id", "chat_id_file"], "missing chat_id or chat_id_file on telegram_config"),
            NotBoth(&["chat_id"], &["chat_id_file"], "at most one of chat_id & chat_id_file must be configured"),
            Resolved(&["bot_token", "bot_token_file"], "missing bot_token or bot_token_file on telegram_config"),
        ],
        &[("disable_notification", "the key is called `disable_notifications`")],
    ),
};

const ONE_WEBHOOK_URL: Rule =
    OneOf(&["webhook_url", "webhook_url_file"], "one of webhook_url or webhook_url_file must be configured");

const NOT_BOTH_WEBHOOK_URLS: Rule = NotBoth(
    &["webhook_url"],
    &["webhook_url_file"],
    "at most one of webhook_url & webhook_url_file must be configured",
);

const WEBHOOK_URL_ADVICE: &[(&str, &str)] = &[("url", "the key is called `webhook_url`")];

pub(super) const DISCORD: Integration = Integration {
    kind: "discord",
    key: "discord_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a discord_configs entry",
        &[
            field("webhook_url", SecretUrl),
            field("webhook_url_file", Path),
            text("content"),
            text("title").or(r#"{{ template "discord.default.title" . }}"#),
            text("message").or(r#"{{ template "discord.default.message" . }}"#),
            text("username"),
            text("avatar_url"),
        ],
        &[ONE_WEBHOOK_URL, NOT_BOTH_WEBHOOK_URLS],
        WEBHOOK_URL_ADVICE,
    ),
};

pub(super) const WEBEX: Integration = Integration {
    kind: "webex",
    key: "webex_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a webex_configs entry",
        &[
            field("api_url", Url).global("webex_api_url"),
            text("message").or(r#"{{ template "webex.default.message" . }}"#),
            text("room_id"),
        ],
        &[Required("room_id", "missing room_id on webex_config")],
        &[],
    ),
};

pub(super) const MSTEAMS: Integration = Integration {
    kind: "msteams",
    key: "msteams_configs",
    send_resolved: true,
    http: true,
    table: table(
        "an msteams_configs entry",
        &[
            field("webhook_url", SecretUrl),
            field("webhook_url_file", Path),
            text("title").or(r#"{{ template "msteams.default.title" . }}"#),
            text("summary").or(r#"{{ template "msteams.default.summary" . }}"#),
            text("text").or(r#"{{ template "msteams.default.text" . }}"#),
        ],
        &[ONE_WEBHOOK_URL, NOT_BOTH_WEBHOOK_URLS],
        WEBHOOK_URL_ADVICE,
    ),
};

pub(super) const MSTEAMSV2: Integration = Integration {
    kind: "msteamsv2",
    key: "msteamsv2_configs",
    send_resolved: true,
    http: true,
    table: table(
        "an msteamsv2_configs entry",
        &[
            field("webhook_url", SecretUrl),
            field("webhook_url_file", Path),
            text("title").or(r#"{{ template "msteamsv2.default.title" . }}"#),
            text("text").or(r#"{{ template "msteamsv2.default.text" . }}"#),
        ],
        &[ONE_WEBHOOK_URL, NOT_BOTH_WEBHOOK_URLS],
        WEBHOOK_URL_ADVICE,
    ),
};

const ROCKETCHAT_FIELD: Table =
    table("a Rocket.Chat field", &[field("short", Bool), text("title"), text("value")], &[], &[]);

const ROCKETCHAT_ACTION: Table = table(
    "a Rocket.Chat action",
    &[
        text("type"),
        text("text"),
        text("url"),
        text("imageurl"),
        field("iswebview", Bool),
        text("webviewheightratio"),
        text("msg"),
        field("msginchatwindow", Bool),
        text("msgprocessingtype"),
    ],
    &[],
    &[],
);

pub(super) const ROCKETCHAT: Integration = Integration {
    kind: "rocketchat",
    key: "rocketchat_configs",
    send_resolved: false,
    http: true,
    table: table(
        "a rocketchat_configs entry",
        &[
            field("api_url", Url).global("rocketchat_api_url"),
            field("token_id", Secret).global("rocketchat_token_id"),
            field("token_id_file", Path).global("rocketchat_token_id_file"),
            field("token", Secret).global("rocketchat_token"),
            field("token_file", Path).global("rocketchat_token_file"),
            text("channel"),
            text("color").or(r#"{{ if eq .Status "firing" }}red{{ else }}green{{ end }}"#),
            text("title").or(r#"{{ template "rocketchat.default.title" . }}"#),
            text("title_link").or(r#"{{ template "rocketchat.default.titlelink" . }}"#),
            text("text").or(r#"{{ template "rocketchat.default.text" . }}"#),
            field("fields", Objects(&ROCKETCHAT_FIELD)),
            field("short_fields", Bool).or("false"),
            text("emoji").or(r#"{{ template "rocketchat.default.emoji" . }}"#),
            text("icon_url").or(r#"{{ template "rocketchat.default.iconurl" . }}"#),
            text("image_url"),
            text("thumb_url"),
            field("link_names", Bool).or("false"),
            field("actions", Objects(&ROCKETCHAT_ACTION)),
        ],
        &[
            NotBoth(&["token"], &["token_file"], "at most one of token & token_file must be configured"),
            NotBoth(
                &["token_id"],
                &["token_id_file"],
                "at most one of token_id & token_id_file must be configured",
            ),
            Resolved(
                &["token_id", "token_id_file"],
                "no global Rocketchat TokenID set either inline or in a file",
            ),
            Resolved(&["token", "token_file"], "no global Rocketchat Token set either inline or in a file"),
        ],
        &[],
    ),
};

const MATTERMOST_FIELD: Table = table(
    "a Mattermost field",
    &[text("title"), text("value"), field("short", Bool)],
    &[
        Required("title", "missing title in Mattermost field configuration"),
        Required("value", "missing value in Mattermost field configuration"),
    ],
    &[],
);

const MATTERMOST_ATTACHMENT: Table = table(
    "a Mattermost attachment",
    &[
        text("fallback"),
        text("color"),
        text("pretext"),
        text("text"),
        text("author_name"),
        text("author_link"),
        text("author_icon"),
        text("title"),
        text("title_link"),
        field("fields", Objects(&MATTERMOST_FIELD)),
        text("thumb_url"),
        text("footer"),
        text("footer_icon"),
        text("image_url"),
    ],
    &[],
    &[],
);

const MATTERMOST_PROPS: Table = table("props", &[text("card")], &[], &[]);

const MATTERMOST_PRIORITY: Table = table(
    "priority",
    &[text("priority"), field("requested_ack", Bool), field("persistent_notifications", Bool)],
    &[],
    &[],
);

pub(super) const MATTERMOST: Integration = Integration {
    kind: "mattermost",
    key: "mattermost_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a mattermost_configs entry",
        &[
            field("webhook_url", SecretUrl).global("mattermost_webhook_url"),
            field("webhook_url_file", Path).global("mattermost_webhook_url_file"),
            text("channel"),
            text("username").or(r#"{{ template "mattermost.default.username" . }}"#),
            text("text").or(r#"{{ template "mattermost.default.text" . }}"#),
            text("fallback").or(r#"{{ template "mattermost.default.fallback" . }}"#),
            text("color").or(r#"{{ template "mattermost.default.color" . }}"#),
            text("pretext"),
            text("author_name"),
            text("author_link"),
            text("author_icon"),
            text("title").or(r#"{{ template "mattermost.default.title" . }}"#),
            text("title_link").or(r#"{{ template "mattermost.default.titlelink" . }}"#),
            field("fields", Objects(&MATTERMOST_FIELD)),
            text("thumb_url"),
            text("footer"),
            text("footer_icon"),
            text("image_url"),
            text("icon_url"),
            text("icon_emoji"),
            field("attachments", Objects(&MATTERMOST_ATTACHMENT)),
            text("type"),
            field("props", Object(&MATTERMOST_PROPS)),
            field("priority", Object(&MATTERMOST_PRIORITY)),
        ],
        &[
            NOT_BOTH_WEBHOOK_URLS,
            Resolved(
                &["webhook_url", "webhook_url_file"],
                "missing webhook_url or webhook_url_file on mattermost_config",
            ),
        ],
        WEBHOOK_URL_ADVICE,
    ),
};
