"""The project by its own name: `glassgrad.autograd` and `glassgrad.nn` are the packages that you import without it.

HIPS autograd is imported by the same name, `autograd`. Where both are installed, the files of one lie over those of the
other; then this package raises ImportError, which says what to do.
"""

try:
    import autograd
    from autograd import Value as _Value  # noqa: F401  # HIPS autograd has none
except ImportError as error:
    raise ImportError(
        "another package that is imported as `autograd` (HIPS autograd?) is installed over ours. Keep the two in "
        "different environments; here: pip uninstall autograd, then pip install --force-reinstall --no-deps glassgrad"
    ) from error
import nn

__all__ = ["autograd", "nn"]
