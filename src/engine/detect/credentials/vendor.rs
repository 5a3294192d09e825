//! The detectors of vendor tokens, one per group of the table.

use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample};
use super::table;
use super::unprefixed;

pub(super) const AWS_ACCESS_KEY: Detector = Detector {
    name: "aws_access_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::AWS.literals)],
    check: |site| table::AWS.find(site),
    samples: &[
        Sample { field: "", text: "id AKIAN0TREALN0TREALN0, region", hit: "AKIAN0TREALN0TREALN0" },
        Sample { field: "", text: "\"ASIAN0TREALN0TREALN0\"", hit: "ASIAN0TREALN0TREALN0" },
        Sample { field: "", text: "k=A3TXN0TREALN0TREALN0", hit: "A3TXN0TREALN0TREALN0" },
        Sample { field: "", text: "x ABIAN0TREALN0TREALN0", hit: "ABIAN0TREALN0TREALN0" },
        Sample { field: "", text: "<k>ACCAN0TREALN0TREALN0</k>", hit: "ACCAN0TREALN0TREALN0" },
        Sample {
            field: "",
            text: "apiKey: da2-n0trealn0trealn0trealn0tr0",
            hit: "da2-n0trealn0trealn0trealn0tr0",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "AKIAN0TREAL" },
        NearMiss { field: "", text: "akian0trealn0trealn0" },
        NearMiss { field: "", text: "XAKIAN0TREALN0TREALN0" },
        NearMiss { field: "", text: "AKIAXXXXXXXXXXXXXXXX" },
        NearMiss { field: "", text: "AKIAN0TREALN0TREALN0EXTRA" },
        NearMiss { field: "", text: "AIDAN0TREALN0TREALN0" },
    ],
};

pub(super) const GITHUB_TOKEN: Detector = Detector {
    name: "github_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::GITHUB.literals)],
    check: |site| table::GITHUB.find(site),
    samples: &[
        Sample {
            field: "",
            text: "t ghp_n0tRealn0tRealn0tRealn0tRealn0t0 x",
            hit: "ghp_n0tRealn0tRealn0tRealn0tRealn0t0",
        },
        Sample {
            field: "",
            text: "gho_n0tRealn0tRealn0tRealn0tRealn0t0.",
            hit: "gho_n0tRealn0tRealn0tRealn0tRealn0t0",
        },
        Sample {
            field: "",
            text: "'ghs_n0tRealn0tRealn0tRealn0tRealn0t0'",
            hit: "ghs_n0tRealn0tRealn0tRealn0tRealn0t0",
        },
        Sample {
            field: "",
            text: "u:ghu_n0tRealn0tRealn0tRealn0tRealn0t0@",
            hit: "ghu_n0tRealn0tRealn0tRealn0tRealn0t0",
        },
        Sample {
            field: "",
            text: "r=ghr_n0tRealn0tRealn0tRealn0tRealn0t0&",
            hit: "ghr_n0tRealn0tRealn0tRealn0tRealn0t0",
        },
        Sample {
            field: "",
            text: "github_pat_11N0TREAL0n0tRealn0tReal_n0tRealn0tReal99",
            hit: "github_pat_11N0TREAL0n0tRealn0tReal_n0tRealn0tReal99",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "ghp_short" },
        NearMiss { field: "", text: "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
        NearMiss { field: "", text: "xghp_n0tRealn0tRealn0tRealn0tRealn0t0" },
        NearMiss { field: "", text: "v1.2.3" },
        NearMiss { field: "", text: "github_patch_notes" },
        NearMiss { field: "", text: "gho_this_is_a_name_with_underscores_only" },
    ],
};

pub(super) const GITLAB_TOKEN: Detector = Detector {
    name: "gitlab_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::GITLAB.literals)],
    check: |site| table::GITLAB.find(site),
    samples: &[
        Sample { field: "", text: "t glpat-n0tRealn0tRealn0tRe9 x", hit: "glpat-n0tRealn0tRealn0tRe9" },
        Sample { field: "", text: "gldt-n0tRealn0tRealn0tRe9", hit: "gldt-n0tRealn0tRealn0tRe9" },
        Sample {
            field: "",
            text: "'glrt-t1_n0tRealn0tRealn0tRe9.01.abc123'",
            hit: "glrt-t1_n0tRealn0tRealn0tRe9.01.abc123",
        },
        Sample { field: "", text: "CI=glcbt-64_n0tRealn0tRealn0tRe9", hit: "glcbt-64_n0tRealn0tRealn0tRe9" },
        Sample { field: "", text: "GR1348941n0tRealn0tRealn0tRe9", hit: "GR1348941n0tRealn0tRealn0tRe9" },
        Sample {
            field: "",
            text: "_gitlab_session=0123456789abcdef0123456789abcdef;",
            hit: "0123456789abcdef0123456789abcdef",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "glpat-short" },
        NearMiss { field: "", text: "glpat-XXXXXXXXXXXXXXXXXXXX" },
        NearMiss { field: "", text: "xglpat-n0tRealn0tRealn0tRe9" },
        NearMiss { field: "", text: "gldt-is-a-name-with-dashes-only" },
        NearMiss { field: "", text: "glft-" },
        NearMiss { field: "", text: "GR1348941" },
    ],
};

pub(super) const SLACK_TOKEN: Detector = Detector {
    name: "slack_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::SLACK.literals)],
    check: |site| table::SLACK.find(site),
    samples: &[
        Sample {
            field: "",
            text: "t xoxb-000000000000-n0tRealn0tReal x",
            hit: "xoxb-000000000000-n0tRealn0tReal",
        },
        Sample { field: "", text: "xoxp-1-2-3-n0tReal99", hit: "xoxp-1-2-3-n0tReal99" },
        Sample { field: "", text: "'xapp-1-A000-0-n0tRealn0tReal99'", hit: "xapp-1-A000-0-n0tRealn0tReal99" },
        Sample { field: "", text: "xoxe.xoxp-1-n0tRealn0tReal99", hit: "xoxe.xoxp-1-n0tRealn0tReal99" },
        Sample {
            field: "",
            text: "to https://hooks.slack.com/services/T00N0T00/B00N0T00/n0tRealn0tReal ok",
            hit: "T00N0T00/B00N0T00/n0tRealn0tReal",
        },
        Sample { field: "", text: "d=xoxd-n0tReal%2Bn0tReal%3D99;", hit: "xoxd-n0tReal%2Bn0tReal%3D99" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "xoxb-xxx" },
        NearMiss { field: "", text: "xoxb-my-bot-token" },
        NearMiss { field: "", text: "xoxp-XXXXXXXXXX-XXXXXXXXXX-XXXXXXXX" },
        NearMiss { field: "", text: "exoxb-000000000000-n0tReal" },
        NearMiss { field: "", text: "hooks.slack.com is down" },
        NearMiss { field: "", text: "xoxo-indieweb-photos" },
    ],
};

pub(super) const STRIPE_KEY: Detector = Detector {
    name: "stripe_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::STRIPE.literals)],
    check: |site| table::STRIPE.find(site),
    samples: &[
        Sample {
            field: "",
            text: "k sk_live_n0tRealn0tRealn0tReal990 x",
            hit: "sk_live_n0tRealn0tRealn0tReal990",
        },
        Sample {
            field: "",
            text: "sk_test_n0tRealn0tRealn0tReal990",
            hit: "sk_test_n0tRealn0tRealn0tReal990",
        },
        Sample {
            field: "",
            text: "'rk_live_n0tRealn0tRealn0tReal990'",
            hit: "rk_live_n0tRealn0tRealn0tReal990",
        },
        Sample { field: "", text: "whsec_n0tRealn0tRealn0tReal990", hit: "whsec_n0tRealn0tRealn0tReal990" },
        Sample {
            field: "",
            text: "ek_test_n0tRealn0tRealn0tReal990",
            hit: "ek_test_n0tRealn0tRealn0tReal990",
        },
        Sample {
            field: "",
            text: "rk_test_n0tRealn0tRealn0tReal990.",
            hit: "rk_test_n0tRealn0tRealn0tReal990",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "sk_live_" },
        NearMiss { field: "", text: "sk_live_short" },
        NearMiss { field: "", text: "pk_live_n0tRealn0tRealn0tReal990" },
        NearMiss { field: "", text: "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx" },
        NearMiss { field: "", text: "whsec_" },
        NearMiss { field: "", text: "api_secret_name" },
    ],
};

pub(super) const GOOGLE_KEY: Detector = Detector {
    name: "google_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::GOOGLE.literals)],
    check: |site| table::GOOGLE.find(site),
    samples: &[
        Sample {
            field: "",
            text: "k AIzan0tRealn0tRealn0tRealn0tRealn0tRe99 x",
            hit: "AIzan0tRealn0tRealn0tRealn0tRealn0tRe99",
        },
        Sample { field: "", text: "ya29.n0tRealn0tRealn0tReal-99", hit: "ya29.n0tRealn0tRealn0tReal-99" },
        Sample {
            field: "",
            text: "'GOCSPX-n0tRealn0tRealn0tRealn0tR'",
            hit: "GOCSPX-n0tRealn0tRealn0tRealn0tR",
        },
        Sample {
            field: "",
            text: "r=1//0n0tRealn0tRealn0tRealn0tRealn0tRealn0tReal9",
            hit: "1//0n0tRealn0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "?key=AIzan0tRealn0tRealn0tRealn0tRealn0tRe99&x",
            hit: "AIzan0tRealn0tRealn0tRealn0tRealn0tRe99",
        },
        Sample { field: "", text: "GOOGN0TREALN0TREALN0TR", hit: "GOOGN0TREALN0TREALN0TR" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "AIzaShort" },
        NearMiss { field: "", text: "AIZAN0TREALN0TREALN0TREALN0TREALN0TRE99" },
        NearMiss { field: "", text: "xAIzan0tRealn0tRealn0tRealn0tRealn0tRe99" },
        NearMiss { field: "", text: "ya29." },
        NearMiss { field: "", text: "1//0" },
        NearMiss { field: "", text: "GOOGLE_APPLICATION_CREDENTIALS" },
    ],
};

pub(super) const AI_API_KEY: Detector = Detector {
    name: "ai_api_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::AI.literals)],
    check: |site| table::AI.find(site),
    samples: &[
        Sample {
            field: "",
            text: "k sk-n0tRealn0tRealn0tRealn0tRealn0tReal9 x",
            hit: "sk-n0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "sk-proj-n0tRealn0tReal_n0tReal-n0tRealn0tReal9",
            hit: "sk-proj-n0tRealn0tReal_n0tReal-n0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "'sk-ant-api03-n0tRealn0tReal_n0tReal-n0tRealn0tReal9'",
            hit: "sk-ant-api03-n0tRealn0tReal_n0tReal-n0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "hf_n0tRealn0tRealn0tRealn0tRealn0tRe",
            hit: "hf_n0tRealn0tRealn0tRealn0tRealn0tRe",
        },
        Sample {
            field: "",
            text: "gsk_n0tRealn0tRealn0tRealn0tRealn0tRealn0tReal9",
            hit: "gsk_n0tRealn0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "pplx-n0tRealn0tRealn0tRealn0tRealn0tReal9",
            hit: "pplx-n0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "sk-learn" },
        NearMiss { field: "", text: "task-n0tRealn0tRealn0tRealn0tRealn0tReal9" },
        NearMiss { field: "", text: "hf_token" },
        NearMiss { field: "", text: "sk-ant-api03-short" },
        NearMiss { field: "", text: "api_org_controller" },
        NearMiss { field: "", text: "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
    ],
};

pub(super) const REGISTRY_TOKEN: Detector = Detector {
    name: "registry_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::REGISTRY.literals)],
    check: |site| table::REGISTRY.find(site),
    samples: &[
        Sample {
            field: "",
            text: "t npm_n0tRealn0tRealn0tRealn0tRealn0tRea90 x",
            hit: "npm_n0tRealn0tRealn0tRealn0tRealn0tRea90",
        },
        Sample {
            field: "",
            text: "pypi-AgEIn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tReal",
            hit: "pypi-AgEIn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tReal",
        },
        Sample {
            field: "",
            text: "rubygems_0123456789abcdef0123456789abcdef0123456789abcdef",
            hit: "rubygems_0123456789abcdef0123456789abcdef0123456789abcdef",
        },
        Sample {
            field: "",
            text: "'dckr_pat_n0tRealn0tRealn0tReal99'",
            hit: "dckr_pat_n0tRealn0tRealn0tReal99",
        },
        Sample {
            field: "",
            text: "//r.example/:_authToken=0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
            hit: "0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
        },
        Sample {
            field: "",
            text: "push oy2n0trealn0trealn0trealn0trealn0trealn0treal9 -s",
            hit: "oy2n0trealn0trealn0trealn0trealn0trealn0treal9",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "npm_config_registry" },
        NearMiss { field: "", text: "npm_short" },
        NearMiss { field: "", text: "pypi-server" },
        NearMiss { field: "", text: "_authToken=${NPM_TOKEN}" },
        NearMiss { field: "", text: "dckr_pat_tooshort" },
        NearMiss { field: "", text: "rubygems_version" },
    ],
};

pub(super) const MESSAGING_TOKEN: Detector = Detector {
    name: "messaging_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[
        Anchor::Literal(table::MESSAGING.literals),
        Anchor::Letters { min: 2, max: 7, word: 3, longest: 26 },
    ],
    check: |site| match table::MESSAGING.find(site) {
        Check::No => unprefixed::check(site),
        found => found,
    },
    samples: &[
        Sample {
            field: "",
            text: "k SG.n0tRealn0tRealn0tRea9.n0tRealn0tRealn0tRealn0tRealn0tReal9 x",
            hit: "SG.n0tRealn0tRealn0tRea9.n0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "0123456789abcdef0123456789abcdef-us12",
            hit: "0123456789abcdef0123456789abcdef-us12",
        },
        Sample {
            field: "",
            text: "key-0123456789abcdef0123456789abcdef",
            hit: "key-0123456789abcdef0123456789abcdef",
        },
        Sample {
            field: "",
            text: "t 123456789:AAn0tRealn0tRealn0tRealn0tRealn0tR9",
            hit: "123456789:AAn0tRealn0tRealn0tRealn0tRealn0tR9",
        },
        Sample {
            field: "",
            text: "api.telegram.org/bot123456789:AAn0tRealn0tRealn0tRealn0tRealn0tR9/getMe",
            hit: "bot123456789:AAn0tRealn0tRealn0tRealn0tRealn0tR9",
        },
        Sample {
            field: "",
            text: "https://discord.com/api/webhooks/123456789012345678/n0tRealn0tRealn0tRealn0tRealn0tReal9 x",
            hit: "123456789012345678/n0tRealn0tRealn0tRealn0tRealn0tReal9",
        },
        Sample {
            field: "",
            text: "key SK00112233445566778899aabbccddeeff used",
            hit: "SK00112233445566778899aabbccddeeff",
        },
        Sample {
            field: "",
            text: "AC00112233445566778899aabbccddeeff:x",
            hit: "AC00112233445566778899aabbccddeeff",
        },
        Sample {
            field: "",
            text: "('SKab112233445566778899aabbccddee00')",
            hit: "SKab112233445566778899aabbccddee00",
        },
        Sample {
            field: "",
            text: "bot MTIzNDU2Nzg5MDEyMzQ1Njc4.N0tRea.N0tRealN0tRealN0tRealN0tReal0 up",
            hit: "MTIzNDU2Nzg5MDEyMzQ1Njc4.N0tRea.N0tRealN0tRealN0tRealN0tReal0",
        },
        Sample {
            field: "",
            text: "token=\"NzEyMzQ1Njc4OTAxMjM0NTY3.N0tRea.N0tRealN0tRealN0tRealN0tReal0\"",
            hit: "NzEyMzQ1Njc4OTAxMjM0NTY3.N0tRea.N0tRealN0tRealN0tRealN0tReal0",
        },
        Sample {
            field: "",
            text: "SKa0112233445566778899aabbccddee00\n",
            hit: "SKa0112233445566778899aabbccddee00",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "SG.short" },
        NearMiss { field: "", text: "locale en-us12 set" },
        NearMiss { field: "", text: "key-value" },
        NearMiss { field: "", text: "12:AAron" },
        NearMiss { field: "", text: "SG.n0tRealn0tRealn0tRea9." },
        NearMiss { field: "", text: "robot123" },
        NearMiss { field: "", text: "SK0011223344" },
        NearMiss { field: "", text: "SK00112233445566778899aabbccddeeff00" },
        NearMiss { field: "", text: "SK00000000000000000000000000000000" },
        NearMiss { field: "", text: "MSK00112233445566778899aabbccddeeff" },
        NearMiss { field: "", text: "MD5sums.of.files" },
        NearMiss { field: "", text: "Node18.0.0" },
        NearMiss { field: "", text: "Match3.Replay.SomeVeryLongMethodNameWithoutDigits" },
    ],
};

pub(super) const VENDOR_TOKEN: Detector = Detector {
    name: "vendor_token",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(table::VENDOR.literals)],
    check: |site| table::VENDOR.find(site),
    samples: &[
        Sample { field: "", text: "k hvs.n0tRealn0tRealn0tReal990 x", hit: "hvs.n0tRealn0tRealn0tReal990" },
        Sample {
            field: "",
            text: "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            hit: "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        },
        Sample {
            field: "",
            text: "'shpat_0123456789abcdef0123456789abcdef'",
            hit: "shpat_0123456789abcdef0123456789abcdef",
        },
        Sample {
            field: "",
            text: "dapi0123456789abcdef0123456789abcdef-2",
            hit: "dapi0123456789abcdef0123456789abcdef-2",
        },
        Sample {
            field: "",
            text: "figd_n0tRealn0tRealn0tRealn0tRealn0tReal99",
            hit: "figd_n0tRealn0tRealn0tRealn0tRealn0tReal99",
        },
        Sample {
            field: "",
            text: "n0tRealn0tReal.atlasv1.n0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tReal",
            hit: "n0tRealn0tReal.atlasv1.n0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tReal",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "hvs.makeConfigController" },
        NearMiss { field: "", text: "dapiDataGetTopLongShortPosition" },
        NearMiss { field: "", text: "patch.release" },
        NearMiss { field: "", text: "live_reload" },
        NearMiss { field: "", text: "API-GATEWAY" },
        NearMiss { field: "", text: "glc_CreateLightmapTexture" },
        NearMiss { field: "", text: "secret_name" },
        NearMiss { field: "", text: "hvs.xxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
    ],
};
