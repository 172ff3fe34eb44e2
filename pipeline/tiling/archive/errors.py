"""What stops the reading or writing of an archive.

TilingError
└── ArchiveError              the archive cannot be read or written
    ├── ForeignFileError      the file is no PMTiles v3 archive (or no MBTiles database)
    ├── TruncatedArchiveError the file ends before a part its header or directory promises
    ├── CorruptArchiveError   parts of the archive contradict each other
    └── TileRejectedError     a tile cannot be accepted by the writer
"""

from __future__ import annotations

from pipeline.errors import TilingError


class ArchiveError(TilingError):
    """An archive cannot be read or written."""


class ForeignFileError(ArchiveError):
    """The file is not an archive of the expected format and version."""


class TruncatedArchiveError(ArchiveError):
    """The file ends before a part that its header or directory promises."""


class CorruptArchiveError(ArchiveError):
    """Parts of the archive contradict each other."""


class TileRejectedError(ArchiveError):
    """A tile cannot be accepted: empty, outside the declared zooms, or given twice."""
