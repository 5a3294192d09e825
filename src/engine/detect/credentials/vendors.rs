//! Names of services that give out credentials. Next to one of them, an opaque word is taken for a credential.

/// Lower case, no separators, sorted.
#[rustfmt::skip]
const VENDORS: &[&str] = &[
    "abuseipdb", "adafruit", "adobe", "adyen", "airbrake", "airship", "airtable", "airvisual", "aiven",
    "akamai", "alchemy", "algolia", "alibaba", "alienvault", "aliyun", "amplitude", "anthropic", "anypoint",
    "apify", "apollo", "appcenter", "appcues", "appdynamics", "appfollow", "appoptics", "appsflyer",
    "artifactory", "asana", "assemblyai", "atera", "atlassian", "auth0", "autodesk", "avalara", "azure",
    "backblaze", "bannerbear", "baremetrics", "besttime", "bintray", "bitbucket", "bitfinex", "bitly",
    "bittrex", "blazemeter", "blocknative", "bombbomb", "borgbase", "braintree", "braze", "brevo",
    "browserstack", "bscscan", "bugsnag", "buildkite", "bulksms", "buttercms", "calendarific", "calendly",
    "campaignmonitor", "canny", "capsulecrm", "censys", "chargebee", "chargify", "chartmogul", "checkly",
    "circleci", "clarifai", "claude", "clearbit", "clickatell", "clickhelp", "clickhouse", "clicksend",
    "clickup", "clockify", "cloudant", "cloudconvert", "cloudelements", "cloudera", "cloudflare",
    "cloudinary", "cloudsmith", "codacy", "codeclimate", "codecov", "codemagic", "cohere", "coinapi",
    "coinbase", "coinmarketcap", "commercejs", "confluent", "contentful", "contentstack", "convertkit",
    "coralogix", "couchbase", "coveralls", "cronitor", "crowdin", "cryptocompare", "currencylayer",
    "customerio", "dareboost", "databento", "databricks", "datadog", "dataiku", "deepgram", "deepl",
    "deepseek", "delighted", "descope", "detectify", "detectlanguage", "dfuse", "dialpad", "digicert",
    "digitalocean", "directus", "discogs", "discord", "disqus", "dnscheck", "dnsimple", "dockerhub",
    "docparser", "documo", "docusign", "doppler", "dovico", "droneci", "dropbox", "duffel", "dynatrace",
    "dyspatch", "easypost", "ebay", "edamam", "elevenlabs", "elevio", "etherscan", "etsy", "eventbee",
    "eventbrite", "exchangerate", "facebook", "faceplusplus", "fastly", "figma", "fileio", "finicity",
    "finnhub", "firebase", "fireworks", "fivetran", "fixer", "flickr", "flightapi", "flightstats", "flowflu",
    "flutterwave", "foursquare", "frameio", "freshbooks", "freshdesk", "fullstory", "gandi", "gengo",
    "geoapify", "geocodify", "getgist", "getresponse", "gitea", "github", "gitlab", "gitter", "glassnode",
    "gocardless", "godaddy", "goodday", "grafana", "greenhouse", "groq", "growthbook", "gtmetrix", "gumroad",
    "hashicorp", "helpscout", "heroku", "hetzner", "holidayapi", "honeybadger", "honeycomb", "hootsuite",
    "hubspot", "huggingface", "hybris", "hypertrack", "iconfinder", "imagekit", "imgur", "infobip",
    "infracost", "infura", "instabot", "instagram", "instana", "intercom", "intrinio", "invoiceocean",
    "ipapi", "ipgeolocation", "ipify", "ipinfo", "ipstack", "iterable", "jenkins", "jfrog", "jotform",
    "jumpcloud", "kaggle", "kagi", "kaiko", "keycloak", "kickbox", "klaviyo", "klipfolio", "kraken", "kucoin",
    "kustomer", "langfuse", "langsmith", "languagelayer", "lastfm", "launchdarkly", "lemlist", "lightstep",
    "linkedin", "linode", "livechat", "livestorm", "logdna", "logentries", "loggly", "logz", "logzio",
    "lokalise", "mailboxlayer", "mailchimp", "mailerlite", "mailersend", "mailgun", "mailjet", "mailmodo",
    "mailtrap", "mandrill", "mapbox", "mapquest", "marketstack", "mattermost", "maxmind", "mediastack",
    "meraki", "mesibo", "messagebird", "metabase", "mindmeister", "mistral", "mixpanel", "mockaroo", "monday",
    "mongodb", "moosend", "moralis", "nasa", "netlify", "newrelic", "newsapi", "newscatcher", "nexmo",
    "nextcloud", "ngrok", "nightfall", "notion", "npm", "npmtoken", "nuget", "nvidia", "nylas", "nytimes",
    "oanda", "octopus", "okta", "onelogin", "onepassword", "onesignal", "openai", "opencage", "openrouter",
    "openuv", "openweather", "openweathermap", "opsgenie", "optimizely", "paddle", "pagerduty", "pandadoc",
    "paperform", "papertrail", "parsehub", "particle", "paymongo", "paypal", "paystack", "pendo",
    "perplexity", "pinata", "pinecone", "pingdom", "pipedream", "pipedrive", "pivotaltracker", "plaid",
    "planetscale", "plivo", "poloniex", "postageapp", "posthog", "postman", "postmark", "prefect", "prismic",
    "privateai", "prodpad", "proxycrawl", "pubnub", "pulumi", "pushbullet", "pusher", "pushover", "pypi",
    "qualtrics", "qualys", "quandl", "quickbooks", "quicknode", "rapid7", "rapidapi", "razorpay", "rebrandly",
    "rechargepayments", "recurly", "reddit", "rentman", "repairshopr", "replicate", "restpack", "revampcrm",
    "ringcentral", "rocketreach", "rollbar", "rootly", "rubygems", "runpod", "salesforce", "sanity",
    "saucelabs", "scaleway", "scalewayhq", "scrapeowl", "scraperapi", "scraperbox", "scrapfly", "scrapingbee",
    "screenshotapi", "securitytrails", "selectpdf", "semaphore", "semrush", "sendbird", "sendgrid",
    "sendinblue", "sentry", "serpstack", "servicenow", "shippo", "shodan", "shopify", "shutterstock",
    "signalfx", "signalwire", "signnow", "simfin", "sinch", "sirv", "skrappio", "slack", "smartsheet",
    "smooch", "snipcart", "snowflake", "snyk", "sonar", "sonarcloud", "sonarqube", "sourcegraph", "sparkpost",
    "splunk", "spoonacular", "spotify", "squarespace", "stackhawk", "statuscake", "statuspage", "storyblocks",
    "storyblok", "strava", "stripe", "stripo", "sumologic", "supabase", "surveymonkey", "surveysparrow",
    "tailscale", "tatum", "tavily", "taxjar", "teamcity", "teamgate", "teamwork", "telegram", "telesign",
    "telnyx", "testingbot", "thingsboard", "tickettailor", "timecamp", "timezoneapi", "tmetric", "todoist",
    "toggl", "tomtom", "travelpayouts", "travis", "travisci", "trello", "twelvedata", "twilio", "twitch",
    "twitter", "typeform", "ubidots", "unplugg", "unsplash", "upcdatabase", "uplead", "uploadcare", "upstash",
    "uptimerobot", "urlscan", "userstack", "vagrant", "vercel", "vimeo", "virustotal", "visualcrossing",
    "voiceflow", "voicegain", "vonage", "vpnapi", "vultr", "walkscore", "wandb", "weatherbit", "weatherstack",
    "webex", "webflow", "websitepulse", "weixin", "whoxy", "wistia", "wix", "woocommerce", "workday", "workos",
    "worksnaps", "worldweather", "wrike", "xero", "yandex", "yelp", "youtube", "zapier", "zendesk", "zenhub",
    "zenserp", "zeplin", "zerobounce", "zerotier", "zilliz", "zoho", "zonka", "zulip",
];

/// Longest name.
pub(super) const NAME_BYTES_MAX: usize = 20;

/// Which beginnings and lengths names have: nearly all words end here.
const KNOWN: [u64; 64] = {
    let mut known = [0; 64];
    let mut at = 0;
    while at < VENDORS.len() {
        let bit = place(VENDORS[at].as_bytes());
        known[bit / 64] |= 1 << (bit % 64);
        at += 1;
    }
    known
};

/// A number below 4096 for the first and third letter and the length of a word of three letters or more.
const fn place(word: &[u8]) -> usize {
    (word[0] as usize * 131 + word[2] as usize * 17 + word.len()) % 4096
}

/// Whether the lower-case word is a vendor's name.
pub(super) fn is_vendor(word: &[u8]) -> bool {
    let may_be = |bit: usize| KNOWN[bit / 64] >> (bit % 64) & 1 == 1;
    (3..=NAME_BYTES_MAX).contains(&word.len())
        && may_be(place(word))
        && VENDORS.binary_search_by(|name| name.as_bytes().cmp(word)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_short() {
        let mut last = "";
        for &name in VENDORS {
            assert!(last < name, "{name}");
            assert!(
                (3..=NAME_BYTES_MAX).contains(&name.len())
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
                "{name}"
            );
            last = name;
        }
        assert!(VENDORS.len() >= 200);
        assert!(is_vendor(b"datadog") && !is_vendor(b"dat") && !is_vendor(b""));
    }
}
