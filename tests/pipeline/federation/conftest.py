from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from other_end import other_end


@pytest.fixture
def there():
    """A neighbour's server: ``(what it answers, its address)``."""
    with other_end() as found:
        yield found
