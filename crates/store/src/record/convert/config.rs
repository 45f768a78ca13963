//! Configuration items, their releases and where their content lies.

use bytes::Bytes;
use paste_model::limits::CONFIG_CHUNKS_MAX;
use paste_model::{
    Audience, BlobId, Content, Draft, Gray, InstanceId, Item, Release, ReleaseNumber, Seal, Stage,
    Timestamp,
};

use super::wire::{ContentRow, DraftRow, GrayRow, ItemRow, PairRow, ReleaseRow};
use super::{FORMATS, RecordError, free_text, number, parse, principal, text, word};

impl From<&Item> for ItemRow {
    fn from(item: &Item) -> Self {
        Self {
            format: number(&FORMATS, &item.format),
            released: item.released.map(|number| number.0),
            last: item.last.0,
            gray: item.gray.as_ref().map(GrayRow::from),
            draft: item.draft.as_ref().map(DraftRow::from),
            schema: item.schema.as_ref().map(ContentRow::from),
            secret: item.secret,
            approval: item.approval,
            description: text(&item.description),
        }
    }
}

impl TryFrom<ItemRow> for Item {
    type Error = RecordError;

    fn try_from(row: ItemRow) -> Result<Self, RecordError> {
        Ok(Self {
            format: word("the format", &FORMATS, row.format)?,
            released: row.released.map(ReleaseNumber),
            last: ReleaseNumber(row.last),
            gray: row.gray.map(Gray::try_from).transpose()?,
            draft: row.draft.map(Draft::try_from).transpose()?,
            schema: row.schema.map(Content::try_from).transpose()?,
            secret: row.secret,
            approval: row.approval,
            description: free_text("the description", &row.description)?,
        })
    }
}

impl From<&Gray> for GrayRow {
    fn from(gray: &Gray) -> Self {
        let audience = &gray.audience;
        let texts = |texts: &[_]| {
            texts
                .iter()
                .map(|one: &compact_str::CompactString| text(one))
                .collect()
        };
        Self {
            release: gray.release.0,
            percent: audience.percent.map(u32::from),
            labels: (audience.labels.iter())
                .map(|(key, value)| PairRow {
                    key: text(key),
                    value: text(value),
                })
                .collect(),
            zones: texts(&audience.zones),
            addresses: texts(&audience.addresses),
            instances: audience
                .instances
                .iter()
                .map(|id| text(id.as_str()))
                .collect(),
            since_ms: gray.since.0,
            by: text(gray.by.as_str()),
        }
    }
}

impl TryFrom<GrayRow> for Gray {
    type Error = RecordError;

    fn try_from(row: GrayRow) -> Result<Self, RecordError> {
        let percent = row.percent.map(u8::try_from).transpose();
        let texts = |texts: &[Bytes]| -> Result<_, RecordError> {
            texts
                .iter()
                .map(|bytes| free_text("the audience", bytes))
                .collect()
        };
        let labels = row.labels.iter().map(|pair| {
            Ok((
                free_text("a label", &pair.key)?,
                free_text("a label", &pair.value)?,
            ))
        });
        let instances = row.instances.iter();
        let audience = Audience {
            percent: percent.map_err(|error| RecordError::malformed("the percentage", error))?,
            labels: labels.collect::<Result<_, RecordError>>()?,
            zones: texts(&row.zones)?,
            addresses: texts(&row.addresses)?,
            instances: instances
                .map(|id| parse("the instance id", id, InstanceId::new))
                .collect::<Result<_, _>>()?,
        };
        audience
            .validate()
            .map_err(|error| RecordError::malformed("the audience", error))?;
        Ok(Self {
            release: ReleaseNumber(row.release),
            audience,
            since: Timestamp(row.since_ms),
            by: principal(&row.by)?,
        })
    }
}

impl From<&Draft> for DraftRow {
    fn from(draft: &Draft) -> Self {
        Self {
            content: draft.content.as_ref().map(ContentRow::from),
            format: number(&FORMATS, &draft.format),
            comment: text(&draft.comment),
            by: text(draft.by.as_str()),
            at_ms: draft.at.0,
        }
    }
}

impl TryFrom<DraftRow> for Draft {
    type Error = RecordError;

    fn try_from(row: DraftRow) -> Result<Self, RecordError> {
        Ok(Self {
            content: row.content.map(Content::try_from).transpose()?,
            format: word("the format", &FORMATS, row.format)?,
            comment: free_text("the comment", &row.comment)?,
            by: principal(&row.by)?,
            at: Timestamp(row.at_ms),
        })
    }
}

impl From<&Content> for ContentRow {
    fn from(content: &Content) -> Self {
        let seal = content.seal.as_ref();
        Self {
            chunks: content
                .chunks
                .iter()
                .map(|id| Bytes::copy_from_slice(&id.0))
                .collect(),
            size: content.size,
            stored: content.stored,
            digest: Bytes::copy_from_slice(&content.digest),
            sealed_by: seal.map(|seal| text(&seal.key)),
            wrapped_key: seal.map(|seal| seal.wrapped.clone()).unwrap_or_default(),
        }
    }
}

impl TryFrom<ContentRow> for Content {
    type Error = RecordError;

    fn try_from(row: ContentRow) -> Result<Self, RecordError> {
        if row.chunks.len() > CONFIG_CHUNKS_MAX {
            let count = row.chunks.len();
            return Err(RecordError::malformed(
                "the content",
                format!("it has {count} pieces"),
            ));
        }
        let seal = |key: Bytes| {
            Ok::<_, RecordError>(Seal {
                key: free_text("the name of the key", &key)?,
                wrapped: row.wrapped_key.clone(),
            })
        };
        Ok(Self {
            chunks: (row.chunks.iter())
                .map(|id| digest(id).map(BlobId))
                .collect::<Result<_, _>>()?,
            size: row.size,
            stored: row.stored,
            digest: digest(&row.digest)?,
            seal: row.sealed_by.map(seal).transpose()?,
        })
    }
}

fn digest(bytes: &Bytes) -> Result<[u8; 32], RecordError> {
    let digest = bytes.as_ref().try_into();
    digest.map_err(|error| RecordError::malformed("a digest", error))
}

impl From<&Release> for ReleaseRow {
    fn from(release: &Release) -> Self {
        let aborted = match &release.stage {
            Stage::Aborted(why) => Some(text(why)),
            Stage::Released | Stage::Gray => None,
        };
        Self {
            content: release.content.as_ref().map(ContentRow::from),
            format: number(&FORMATS, &release.format),
            gray: release.stage == Stage::Gray,
            aborted,
            restores: release.restores.map(|number| number.0),
            comment: text(&release.comment),
            by: text(release.by.as_str()),
            author: release.author.as_ref().map(|author| text(author.as_str())),
            at_ms: release.at.0,
        }
    }
}

impl TryFrom<ReleaseRow> for Release {
    type Error = RecordError;

    fn try_from(row: ReleaseRow) -> Result<Self, RecordError> {
        let stage = match (row.aborted, row.gray) {
            (Some(why), _) => Stage::Aborted(free_text("the reason", &why)?),
            (None, true) => Stage::Gray,
            (None, false) => Stage::Released,
        };
        Ok(Self {
            content: row.content.map(Content::try_from).transpose()?,
            format: word("the format", &FORMATS, row.format)?,
            stage,
            restores: row.restores.map(ReleaseNumber),
            comment: free_text("the comment", &row.comment)?,
            by: principal(&row.by)?,
            author: row.author.map(|author| principal(&author)).transpose()?,
            at: Timestamp(row.at_ms),
        })
    }
}
