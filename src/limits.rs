//! Every bound of the program, unit last in the name. Relations between them are checked when the crate is compiled.

/// Longest line that is redacted, without its newline; longer ones are withheld. `--max-line` changes it.
pub const LINE_BYTES_DEFAULT: usize = 1 << 20;
/// What `--max-line` accepts at most.
pub const LINE_BYTES_MAX: usize = 10 << 20;
/// A batch is sent on when its output reaches this size.
pub const BATCH_BYTES_MAX: usize = 256 << 10;
/// What `--max-line` accepts at least: shorter than this, lines of ordinary logs would be withheld.
pub const LINE_BYTES_MIN: usize = 64;
/// Age at which a batch is sent on though the input never pauses, in milliseconds.
pub const BATCH_AGE_MS_MAX: u64 = 200;
/// A batch's buffer that grew beyond this is not filled again: one very long line must not cost memory for ever.
pub const BATCH_KEPT_BYTES_MAX: usize = 1 << 20;
/// Bytes between the source and the sink of a pipe, queued or being written: two batches. With the open one, a slow reader
/// makes the source stop before 1 MiB waits.
pub const PIPE_QUEUE_BYTES: usize = 640 << 10;
/// Batches between the sources and one sink, however small they are.
pub const BATCHES_QUEUED_MAX: usize = 4096;
/// Emptied buffers that a gate keeps to fill again.
pub const BATCHES_SPARE_MAX: usize = 3;
/// Panics whose place is printed; a bug that every line meets would flood standard error.
pub const PANICS_TOLD_MAX: u32 = 20;
/// Size of one read from a source.
pub const READ_BYTES: usize = 128 << 10;
/// Containers inside containers in one JSON document; deeper subtrees are withheld.
pub const JSON_DEPTH_MAX: usize = 64;
/// Documents inside strings inside documents.
pub const NESTED_DEPTH_MAX: usize = 4;
/// Percent-encoding inside percent-encoding.
pub const PERCENT_DEPTH_MAX: usize = 2;
/// Bytes decoded for one record, as a multiple of its length (a floor of 64 KiB applies).
pub const DECODED_BYTES_FACTOR_MAX: usize = 4;
/// Literals of detectors inside longer words that one record may hold.
pub const GLUED_LITERALS_MAX: usize = 4096;
/// How far after its literal a token or key block may end.
pub const LITERAL_REACH_BYTES_MAX: usize = 16 << 10;
/// How far after a literal a name, a number or an address may end.
pub const SENTENCE_REACH_BYTES_MAX: usize = 512;
/// Bytes that detectors may read in vain after the literals of one record: this many times its length …
pub const LITERAL_STEPS_FACTOR_MAX: usize = 64;
/// … or this many, whatever is more.
pub const LITERAL_STEPS_MIN: usize = 16 << 20;
/// How far after a word like `password` in prose a secret may end.
pub const WORD_REACH_BYTES_MAX: usize = 1 << 10;
/// Distinct paths whose decisions are remembered by one `Redactor`.
pub const PATHS_MAX: usize = 16 << 10;
/// Longest key whose decision is remembered.
pub const KEY_CACHED_BYTES_MAX: usize = 64;
/// An OTLP request as the walkers take it, decompressed: what `max_request` accepts at most.
pub const OTLP_REQUEST_BYTES_MAX: usize = 256 << 20;
/// Log records, spans or metrics in one OTLP request.
pub const OTLP_RECORDS_MAX: usize = 100_000;
/// Attributes in one list of them; a record with more is withheld.
pub const OTLP_ATTRIBUTES_MAX: usize = 1_024;
/// Keys, values and ends of containers in one record of OTLP; one with more is withheld. Each takes some 60 bytes.
pub const OTLP_ENTRIES_MAX: usize = 256 << 10;
/// `AnyValue`s inside each other; deeper subtrees are withheld.
pub const OTLP_VALUE_DEPTH_MAX: usize = 32;
/// Messages inside each other in a field that nobody knows; what is deeper is looked at as one text.
pub const OTLP_UNKNOWN_DEPTH_MAX: usize = 4;
/// A policy file.
pub const POLICY_BYTES_MAX: usize = 1 << 20;
/// Values of one policy file, its lists and maps included, aliases followed.
pub const POLICY_NODES_MAX: usize = 100_000;
/// Lists and maps inside lists and maps of a policy file.
pub const POLICY_DEPTH_MAX: usize = 32;
/// One user pattern, as written.
pub const PATTERN_BYTES_MAX: usize = 4 << 10;
/// One user pattern, compiled.
pub const PATTERN_NFA_BYTES_MAX: usize = 1 << 20;
/// Groups inside groups in one user pattern.
pub const PATTERN_DEPTH_MAX: u32 = 50;
/// All user patterns of one policy, compiled.
pub const PATTERNS_BYTES_MAX: usize = 32 << 20;
/// How much more work a search may take on four times the text; 4 is linear, 16 quadratic.
pub const PROBE_RATIO_MAX: u64 = 8;
/// User patterns of one policy.
pub const PATTERNS_MAX: usize = 500;
/// Layers of one policy, packs included.
pub const LAYERS_MAX: usize = 32;
/// Rules of one policy, all layers together.
pub const RULES_MAX: usize = 10_000;
/// One selector, as written.
pub const SELECTOR_BYTES_MAX: usize = 256;
/// Segments of one selector.
pub const SELECTOR_PIECES_MAX: usize = 32;
/// The text of `replace`.
pub const REPLACE_BYTES_MAX: usize = 256;
/// `keep_first` and `keep_last` of `partial`, in characters.
pub const PARTIAL_CHARS_MAX: u8 = 64;
/// The scope of correlation IDs.
pub const SCOPE_BYTES_MAX: usize = 128;
/// A key ring file.
pub const RING_BYTES_MAX: usize = 1 << 20;
/// Keys of one ring.
pub const RING_KEYS_MAX: usize = 4096;
/// Epochs of one `keys derive`. Key ids have 20 bits: among this many one clash is to be expected in 15 runs.
pub const DERIVED_EPOCHS_MAX: u32 = 366;
/// The shortest epoch of derived keys.
pub const EPOCH_SECONDS_MIN: u32 = 3600;
/// The longest epoch of derived keys.
pub const EPOCH_SECONDS_MAX: u32 = 366 * 86_400;
/// Between two looks at all files of a source. Hints of the system only make it look earlier.
pub const POLL_MS: u64 = 250;
/// How many times that, at most, while nothing changes and the system would tell if something did.
pub const POLL_QUIET_FACTOR_MAX: u32 = 8;
/// Between two reactions to hints: a writer of many short lines must not wake us for each.
pub const HINT_MS_MIN: u64 = 5;
/// Between two looks at all files for the sake of hints.
pub const HINTED_LOOK_MS_MIN: u64 = 20;
/// Between two questions to a sink whose queue is full.
pub const ROOM_MS: u64 = 20;
/// Between two checkpoints of a source: each costs two waits for the disk.
pub const CHECKPOINT_MS_MIN: u64 = 1_000;
/// First bytes of a file that it is known by; of shorter files, all.
pub const PREFIX_BYTES: usize = 1024;
/// Bytes before a position that tell whether a file is still what was read.
pub const TAIL_BYTES: usize = 256;
/// A checkpoint that is read; a bigger one is not ours.
pub const CHECKPOINT_BYTES_MAX: u64 = 256 << 20;
/// Files that one source keeps open at most, whatever the system allows.
pub const OPEN_FILES_MAX: u64 = 16 << 10;
/// How long a deleted file that is read to its end is held, though it is still written.
pub const DELETED_HELD_SECONDS_MAX: u64 = 300;
/// How long a checkpoint knows a file that is not found any more.
pub const ENTRY_KEPT_SECONDS: i64 = 86_400;
/// Files that are not found any more in one checkpoint.
pub const ENTRIES_KEPT_MAX: usize = 4_096;
/// Longest time after which a file that could not be opened is tried again.
pub const RETRY_SECONDS_MAX: u64 = 10;
/// Directories inside directories that `**` stands for.
pub const DIRECTORY_DEPTH_MAX: usize = 32;
/// Age at which a directory is listed again though it looks unchanged.
pub const LISTING_SECONDS_MAX: u64 = 10;
/// What is read of one file before others have their turn.
pub const TURN_BYTES_MAX: usize = 1 << 20;
/// NULs at the beginning of a file that are taken for a hole. UTF-32 begins with up to three.
pub const HOLE_BYTES_MIN: usize = 4;
/// What a compressed file may unpack to.
pub const GZIP_BYTES_MAX: u64 = 1 << 30;
/// How many times its own size a compressed file may unpack to; gzip reaches 1,029 on zeros.
pub const GZIP_RATIO_MAX: u64 = 1_100;
/// Lines of one joined record; with more it is withheld.
pub const JOINED_LINES_MAX: usize = 1_000;
/// Bytes that one source keeps of records whose end has not come; those of the file that goes beyond are withheld.
pub const JOINED_HELD_BYTES_MAX: usize = 16 << 20;
/// Silence after which a record joined of lines is over; an open PEM block never is.
pub const JOINED_SILENCE_SECONDS: u64 = 5;
/// Silence after which a file that no pattern finds any more is let go: its writer has had time to notice.
pub const ROTATED_SILENCE_SECONDS: u64 = 60;
/// Silence after which a deleted file is let go; it holds space on the disk until then.
pub const DELETED_SILENCE_SECONDS: u64 = 5;
/// How long a file that begins like another may turn out to be its copy, made to truncate the other.
pub const COPY_SECONDS_MAX: u64 = 10;
/// Standstill of a source with unread data after which it counts as stalled.
pub const STALLED_SECONDS: u64 = 60;
/// A configuration file.
pub const CONFIG_BYTES_MAX: usize = POLICY_BYTES_MAX;
/// Sources, or sinks, of one configuration.
pub const CONFIG_COMPONENTS_MAX: usize = 100;
/// What `limits.batch` accepts at least.
pub const BATCH_BYTES_LEAST: usize = 4 << 10;
/// What `limits.batch` accepts at most.
pub const BATCH_BYTES_MOST: usize = 8 << 20;
/// What `limits.batch_age` accepts at least, in milliseconds.
pub const BATCH_AGE_MS_LEAST: u64 = 10;
/// What `limits.batch_age` accepts at most, in milliseconds.
pub const BATCH_AGE_MS_MOST: u64 = 60_000;
/// What may wait for one sink; `limits.queue` changes it.
pub const QUEUE_BYTES_DEFAULT: usize = 8 << 20;
/// What `limits.queue` accepts at least.
pub const QUEUE_BYTES_MIN: usize = 64 << 10;
/// What `limits.queue` accepts at most.
pub const QUEUE_BYTES_MAX: usize = 1 << 30;
/// How long the end may take after a signal, in milliseconds; `limits.drain` changes it. Kubernetes kills after 30 s.
pub const DRAIN_MS_DEFAULT: u64 = 25_000;
/// What `limits.drain` accepts at most.
pub const DRAIN_MS_MAX: u64 = 3_600_000;
/// One attempt of a sink, in milliseconds; `timeout` changes it.
pub const ATTEMPT_MS_DEFAULT: u64 = 10_000;
/// What `timeout` accepts at least.
pub const ATTEMPT_MS_MIN: u64 = 10;
/// What `timeout` accepts at most.
pub const ATTEMPT_MS_MAX: u64 = 600_000;
/// Longest first pause between attempts, in milliseconds; `retry.initial` changes it.
pub const RETRY_INITIAL_MS: u64 = 1000;
/// Longest pause between attempts, in milliseconds; `retry.max` changes it.
pub const RETRY_MS_DEFAULT: u64 = 30_000;
/// What `retry` accepts at least.
pub const RETRY_MS_MIN: u64 = 10;
/// What `retry` accepts at most.
pub const RETRY_MS_MAX: u64 = 3_600_000;
/// The longest pause that a receiver can ask for, in milliseconds.
pub const RETRY_AFTER_MS_MAX: u64 = 300_000;
/// What one request of an HTTP sink holds at most, in bytes before compression; a batch is not cut.
pub const REQUEST_BYTES_MAX: usize = 1 << 20;
/// What is read of a response, so that its connection can be used again.
pub const RESPONSE_BYTES_MAX: usize = 64 << 10;
/// A file of headers or certificates.
pub const CREDENTIALS_BYTES_MAX: usize = 1 << 20;
/// Between two looks at such files, in milliseconds.
pub const CREDENTIALS_LOOK_MS: u64 = 1000;
/// One OTLP request, before and after decompression; `max_request` changes it.
pub const OTLP_REQUEST_BYTES_DEFAULT: usize = 64 << 20;
/// What `max_request` accepts at least.
pub const OTLP_REQUEST_BYTES_MIN: usize = 64 << 10;
/// What the requests of one OTLP source hold together while they are read; one is always read, whatever its size.
pub const OTLP_HELD_BYTES_MAX: usize = 64 << 20;
/// After this long a client hears that its request is not delivered yet, in milliseconds: SDKs give up after 10 s.
pub const OTLP_ANSWER_MS_MAX: u64 = 8000;
/// When a client that was turned away is to come again, in milliseconds.
pub const COME_AGAIN_MS: u64 = 2000;
/// Connections of one listener; the next one waits in the system's queue.
pub const CONNECTIONS_MAX: usize = 1024;
/// Requests under way on one HTTP/2 connection.
pub const STREAMS_MAX: u32 = 100;
/// A TLS handshake, and the head of a request, in milliseconds.
pub const HEAD_MS_MAX: u64 = 10_000;
/// Between two pieces of a request's body, in milliseconds.
pub const BODY_IDLE_MS_MAX: u64 = 15_000;
/// A request's body from its first piece to its last, in milliseconds.
pub const BODY_MS_MAX: u64 = 60_000;
/// Between two pings on a quiet HTTP/2 connection, in milliseconds.
pub const PING_MS: u64 = 60_000;
/// The header fields of a request together.
pub const HEAD_BYTES_MAX: usize = 16 << 10;
/// What a client may send ahead on an HTTP/2 connection, in bytes.
pub const WINDOW_BYTES: u32 = 1 << 20;
/// A request of the health protocol.
pub const HEALTH_BYTES_MAX: usize = 4 << 10;
/// Pause of a listener that gets no connection from the system, in milliseconds.
pub const ACCEPT_PAUSE_MS: u64 = 100;
/// Between two looks at a connection whose first bytes do not tell what it speaks, in milliseconds.
pub const PEEK_PAUSE_MS: u64 = 10;
/// How long the last answers of a source may take at its end, in milliseconds.
pub const LAST_ANSWERS_MS_MAX: u64 = 1000;
/// Between two looks whether sinks have room again, in milliseconds.
pub const ROOM_LOOK_MS: u64 = 50;
/// Window of a zstd stream, as a power of two: what RFC 8878 wants decoders to have, and no more.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// A receiver's answer.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Requests that one OTLP sink has under way.
pub const EXPORTS_MAX: usize = 16;
/// A file of bearer tokens has at most so many.
pub const BEARER_TOKENS_MAX: usize = 1000;
/// Headers of an OTLP request that may be passed on.
pub const FORWARDED_HEADERS_MAX: usize = 32;
/// Two refreshes of an access token that were forced are so far apart at least, in milliseconds.
pub const TOKEN_FORCED_MS_MIN: u64 = 30_000;
/// Lifetime of an access token whose answer does not say one, in seconds.
pub const TOKEN_SECONDS_DEFAULT: u64 = 300;
/// Between two lines about refused records, in seconds.
pub const REFUSAL_TOLD_SECONDS: u64 = 60;
/// How long `exec` waits, after the command has ended, for others who still hold its output, in milliseconds.
pub const EXEC_REST_MS: u64 = 2000;
/// What `rotate.size` accepts at least.
pub const ROTATE_BYTES_MIN: usize = 1 << 10;
/// What `rotate.size` accepts at most.
pub const ROTATE_BYTES_MAX: usize = 1 << 40;
/// What `rotate.every` accepts at least, in milliseconds.
pub const ROTATE_MS_MIN: u64 = 1000;
/// What `rotate.every` accepts at most, in milliseconds.
pub const ROTATE_MS_MAX: u64 = 366 * 86_400_000;
/// First pause of a file sink whose disk is full, in milliseconds.
pub const DISK_PAUSE_MS_MIN: u64 = 100;
/// Longest pause of a file sink whose disk is full: so soon it goes on when there is room.
pub const DISK_PAUSE_MS_MAX: u64 = 2000;
/// Old output files that stay; `rotate.keep` changes it.
pub const ROTATED_FILES_DEFAULT: u32 = 7;
/// What `rotate.keep` accepts at most.
pub const ROTATED_FILES_MAX: u32 = 10_000;
/// How long the files of a policy must have been quiet before they are read again, in milliseconds.
pub const RELOAD_QUIET_MS: u64 = 200;
/// How long an attempt waits for that at most.
pub const RELOAD_WAIT_MS_MAX: u64 = 1000;
/// Between two looks at the content of these files, in milliseconds: hints of the system only make it look earlier.
pub const RELOAD_POLL_MS: u64 = 5000;
/// How often a policy is read again because its files changed meanwhile.
pub const RELOAD_TRIES_MAX: u32 = 5;
/// Between two such readings, in milliseconds.
pub const RELOAD_TRY_MS: u64 = 20;
/// Links followed on the way to one watched file, as the system does.
pub const LINKS_FOLLOWED_MAX: usize = 40;
/// A kept policy: every layer at its longest, escaped.
pub const LAST_GOOD_BYTES_MAX: u64 = 2 * (LAYERS_MAX * POLICY_BYTES_MAX) as u64;
/// How long `POST /reload` waits for its result, in milliseconds.
pub const RELOAD_ANSWER_MS: u64 = 25_000;
/// Connections to one listener of probes or steering at a time.
pub const ENDPOINT_CONNECTIONS_MAX: usize = 64;
/// How long the head of a request may take, in milliseconds.
pub const ENDPOINT_HEADER_MS_MAX: u64 = 10_000;
/// How long a connection may last, in milliseconds; scrapers come again.
pub const ENDPOINT_CONNECTION_MS_MAX: u64 = 60_000;
/// Headers of a request.
pub const ENDPOINT_HEADERS_MAX: usize = 64;
/// What is kept of a request or an answer on its way.
pub const ENDPOINT_BUFFER_BYTES: usize = 16 << 10;
/// What a request may bring along; none of it is read.
pub const ENDPOINT_BODY_BYTES_MAX: u64 = 4 << 10;
/// How long `redactd health` waits for an answer, in milliseconds.
pub const HEALTH_ANSWER_MS_MAX: u64 = 5000;
/// What it reads of one.
pub const HEALTH_ANSWER_BYTES_MAX: usize = 64 << 10;
/// The minute over which different IDs are estimated, in slots …
pub const DISTINCT_SLOTS: usize = 6;
/// … of this many seconds.
pub const DISTINCT_SLOT_SECONDS: u64 = 10;
/// Between two pushes of metrics, in milliseconds; `OTEL_METRIC_EXPORT_INTERVAL` changes it.
pub const PUSH_INTERVAL_MS_DEFAULT: u64 = 60_000;
/// How long one push may take, in milliseconds; `OTEL_EXPORTER_OTLP_TIMEOUT` changes it.
pub const PUSH_ANSWER_MS_DEFAULT: u64 = 10_000;
/// What both accept at least.
pub const PUSH_MS_MIN: u64 = 10;
/// What both accept at most.
pub const PUSH_MS_MAX: u64 = 3_600_000;

const _: () = {
    assert!(DISTINCT_SLOTS as u64 * DISTINCT_SLOT_SECONDS == 60, "the metric says: in the last minute");
    assert!(RELOAD_ANSWER_MS < ENDPOINT_CONNECTION_MS_MAX && RELOAD_WAIT_MS_MAX < RELOAD_ANSWER_MS);
    assert!(RELOAD_QUIET_MS <= RELOAD_WAIT_MS_MAX && RELOAD_WAIT_MS_MAX < RELOAD_POLL_MS);
    assert!(LINE_BYTES_DEFAULT <= LINE_BYTES_MAX);
    assert!(LINE_BYTES_MIN <= LINE_BYTES_DEFAULT);
    assert!(BATCH_BYTES_MAX + READ_BYTES <= BATCH_KEPT_BYTES_MAX);
    assert!(READ_BYTES <= BATCH_BYTES_MAX);
    assert!(BATCH_BYTES_LEAST <= BATCH_BYTES_MAX && BATCH_BYTES_MAX <= BATCH_BYTES_MOST);
    assert!(BATCH_AGE_MS_LEAST <= BATCH_AGE_MS_MAX && BATCH_AGE_MS_MAX <= BATCH_AGE_MS_MOST);
    assert!(QUEUE_BYTES_MIN <= QUEUE_BYTES_DEFAULT && QUEUE_BYTES_DEFAULT <= QUEUE_BYTES_MAX);
    assert!(RETRY_MS_MIN <= RETRY_INITIAL_MS && RETRY_INITIAL_MS <= RETRY_MS_DEFAULT);
    assert!(PIPE_QUEUE_BYTES >= BATCH_BYTES_MAX + READ_BYTES);
    assert!(DERIVED_EPOCHS_MAX as usize <= RING_KEYS_MAX);
    assert!(EPOCH_SECONDS_MIN <= EPOCH_SECONDS_MAX);
    assert!(
        OTLP_REQUEST_BYTES_MAX * (OTLP_UNKNOWN_DEPTH_MAX + 2) < u32::MAX as usize,
        "a tape counts in u32 and holds a record as often as it is looked at"
    );
    assert!(JSON_DEPTH_MAX <= 64, "the lexer keeps one bit per level in a u64");
};
