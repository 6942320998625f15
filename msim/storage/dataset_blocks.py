"""Writer of datasets to a store, a block at a time, so that no long array is in memory whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msim.base.settings import settings

if TYPE_CHECKING:
    import xarray as xr


def write_dataset(dataset: xr.Dataset, store: Any, name: str) -> None:
    """Write a dataset as a group below a group that is there.

    store: of Zarr
    """
    chunk = settings().chunk_values
    long = next((str(one) for one, size in dataset.sizes.items() if size > chunk), None)
    first = dataset if long is None else dataset.isel({long: slice(0, chunk)}).load()
    first.to_zarr(store, group=name, mode="a", zarr_format=3, consolidated=False, encoding=encodings(dataset))
    if long is None:
        return
    rest = dataset[[one for one, values in dataset.variables.items() if long in values.dims]]
    for start in range(chunk, dataset.sizes[long], chunk):
        block = rest.isel({long: slice(start, start + chunk)}).load()
        block.to_zarr(store, group=name, mode="a", append_dim=long, zarr_format=3, consolidated=False)


def encodings(dataset: xr.Dataset) -> dict[Any, dict[str, Any]]:
    """Return the encoding of every variable: compressed, with a checksum, in as few chunks as memory allows.

    Most arrays are read whole, and shared file systems work better with few files.
    """
    from zarr.codecs import Crc32cCodec, ZstdCodec

    return {
        variable: {"compressors": [ZstdCodec(level=3), Crc32cCodec()], "chunks": _chunks(values.shape)}
        for variable, values in dataset.variables.items()
        if values.size
    }


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(min(size, settings().chunk_values) for size in shape)
