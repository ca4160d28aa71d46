import numpy as np
import pytest

from face_service.pipeline.prewhiten import prewhiten, scale_fixed


def test_the_whole_crop_gets_mean_0_and_deviation_1() -> None:
    crop = np.array([[[1, 3, 5], [7, 9, 11]]], dtype=np.uint8)
    expected = (np.arange(6) * 2 - 5) / np.sqrt(35 / 3)
    answer = prewhiten(crop)
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer, expected.reshape(1, 2, 3).astype(np.float32))


@pytest.mark.parametrize("colour", [0, 130, 255])
def test_a_crop_of_one_colour_gives_zeros(colour: int) -> None:
    crop = np.full((4, 5, 3), colour, dtype=np.uint8)
    assert not prewhiten(crop).any()


def test_the_deviation_is_at_least_one_over_the_root_of_the_size() -> None:
    # One value of 16 differs by 1: the deviation is sqrt(15)/16, just below the floor of 1/4.
    crop = np.full((4, 2, 2), 9, dtype=np.uint8)
    crop[1, 0, 1] = 10
    expected = np.full((4, 2, 2), -0.25, dtype=np.float32)
    expected[1, 0, 1] = 3.75
    np.testing.assert_array_equal(prewhiten(crop), expected)


def test_a_large_bright_crop_loses_no_precision() -> None:
    crop = np.full((1000, 1000, 3), 254, dtype=np.uint8)
    crop[::2] = 255
    assert set(np.unique(prewhiten(crop)).tolist()) == {-1.0, 1.0}


def test_fixed_scaling_maps_the_range_about_zero() -> None:
    answer = scale_fixed(np.array([0, 127, 128, 255], dtype=np.uint8))
    assert answer.dtype == np.float32
    assert answer.tolist() == [-0.99609375, -0.00390625, 0.00390625, 0.99609375]
