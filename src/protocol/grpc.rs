//! gRPC over HTTP/2 for methods of one message each way. The messages are handed over as their own bytes: nothing here
//! decodes them. The one file that knows of `tonic`; what carries gRPC can be another library by changing this file alone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Body;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Request, Response};
use tonic::Status;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::server::UnaryService;

use super::otlp::Encoding;
use super::rpc::{self, Code, Failure};
use crate::limits;

/// The body of an answer.
pub type Answer = tonic::body::Body;

/// Answers one request: reads its message, at most `bytes_max` of it before and after decompression, and asks `handle`.
/// `refused` says what became of a body that could not be read to its end.
pub async fn serve<B, H, F>(
    bytes_max: usize,
    request: Request<B>,
    refused: impl Fn(B::Error) -> Failure + Send + Sync + 'static,
    handle: H,
) -> Response<Answer>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
    H: FnOnce(HeaderMap, Bytes) -> F,
    F: Future<Output = Result<Vec<u8>, Failure>> + 'static,
{
    let request = request.map(|body| body.map_err(move |error| status(&refused(error))));
    let mut response = tonic::server::Grpc::new(Raw)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(bytes_max)
        .unary(Handler(Some(handle)), request)
        .await;
    if let Some(said) = response.headers_mut().get_mut("grpc-status") {
        // Handlers answer with neither of the two. The first is the library's word for a message that is too large, which
        // clients would send again for ever; the second, for one that cannot be decompressed.
        let better = match said.as_bytes() {
            b"11" => Some(Code::ResourceExhausted),
            b"13" => Some(Code::InvalidArgument),
            _ => None,
        };
        if let Some(code) = better {
            *said = HeaderValue::from(code as u16);
        }
    }
    response
}

/// The answer to a request whose body is not looked at.
pub fn refuse(failure: &Failure) -> Response<Answer> {
    status(failure).into_http()
}

/// What became of a call.
#[derive(Debug)]
pub enum Called {
    /// It was answered with success and this message.
    Ok(Bytes),
    /// The receiver said so.
    Status {
        /// Which.
        code: Code,
        /// When to come again, if it said so.
        after: Option<std::time::Duration>,
    },
    /// The request never left.
    NotSent(String),
    /// It left, and there is no answer.
    Unknown(String),
}

/// How the message of a call is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressed {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Sends a message and waits for the answer.
pub async fn call(
    client: &reqwest::Client,
    endpoint: &reqwest::Url,
    method: &'static str,
    headers: HeaderMap,
    message: Bytes,
    compressed: Option<Compressed>,
) -> Called {
    let Ok(origin) = endpoint.as_str().trim_end_matches('/').parse() else {
        return Called::NotSent("the endpoint is no URI".to_owned());
    };
    let mut grpc = tonic::client::Grpc::with_origin(Via(client.clone()), origin);
    grpc = match compressed {
        None => grpc,
        Some(Compressed::Gzip) => grpc.send_compressed(CompressionEncoding::Gzip),
        Some(Compressed::Zstd) => grpc.send_compressed(CompressionEncoding::Zstd),
    };
    let mut request = tonic::Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    let path = hyper::http::uri::PathAndQuery::from_static(method);
    match grpc.unary(request, path, Raw).await {
        Ok(response) => Called::Ok(response.into_inner()),
        Err(status) => {
            let lost = std::error::Error::source(&status).and_then(|source| source.downcast_ref::<Lost>());
            match lost {
                Some(Lost::NotSent(why)) => Called::NotSent(why.clone()),
                Some(Lost::Unknown(why)) => Called::Unknown(why.clone()),
                None => Called::Status {
                    code: Code::of(status.code() as i32).unwrap_or(Code::Unknown),
                    after: rpc::retry_delay(status.details()),
                },
            }
        }
    }
}

fn status(failure: &Failure) -> Status {
    let code = tonic::Code::from_i32(failure.code as i32);
    match failure.after {
        None => Status::new(code, failure.message),
        Some(_) => Status::with_details(code, failure.message, failure.encoded(Encoding::Protobuf).into()),
    }
}

/// A codec that hands over bytes as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// The one call of a handler.
struct Handler<H>(Option<H>);

impl<H, F> UnaryService<Bytes> for Handler<H>
where
    H: FnOnce(HeaderMap, Bytes) -> F,
    F: Future<Output = Result<Vec<u8>, Failure>> + 'static,
{
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>>>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (metadata, _, message) = request.into_parts();
        let handled = self.0.take().map(|handle| handle(metadata.into_headers(), message));
        Box::pin(async {
            match handled {
                Some(handled) => match handled.await {
                    Ok(answer) => Ok(tonic::Response::new(answer.into())),
                    Err(failure) => Err(status(&failure)),
                },
                None => Err(Status::unavailable("asked twice")),
            }
        })
    }
}

/// The way of a call: the HTTP client that all sinks share. The answer is read whole, so that what breaks off in the middle
/// is not taken for the receiver's word.
struct Via(reqwest::Client);

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
enum Lost {
    #[error("not sent: {0}")]
    NotSent(String),
    #[error("no answer: {0}")]
    Unknown(String),
}

impl tonic::codegen::Service<Request<tonic::body::Body>> for Via {
    type Response = Response<Collected<Bytes>>;
    type Error = Lost;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Lost>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let message =
                body.collect().await.map_err(|_| Lost::NotSent("the message cannot be framed".into()))?;
            let request = Request::from_parts(parts, message.to_bytes());
            let request = reqwest::Request::try_from(request).map_err(|error| Lost::of(&error))?;
            let response = client.execute(request).await.map_err(|error| Lost::of(&error))?;
            let (parts, body) = Response::<reqwest::Body>::from(response).into_parts();
            let unknown = |why: &str| Lost::Unknown(why.to_owned());
            let body = Limited::new(body, limits::ANSWER_BYTES_MAX)
                .collect()
                .await
                .map_err(|_| unknown("the answer breaks off, or is too long"))?;
            let said = parts.headers.contains_key("grpc-status")
                || body.trailers().is_some_and(|trailers| trailers.contains_key("grpc-status"));
            // Of another status than 200 something on the way may have said it, and has sent nothing on.
            if !said && parts.status == 200 {
                return Err(unknown("the answer has no status"));
            }
            Ok(Response::from_parts(parts, body))
        })
    }
}

impl Lost {
    fn of(error: &reqwest::Error) -> Lost {
        let why = crate::protocol::innermost(error);
        if error.is_connect() || error.is_builder() { Lost::NotSent(why) } else { Lost::Unknown(why) }
    }
}
