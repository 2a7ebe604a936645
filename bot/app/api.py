"""Builds what the REST API calls."""

from ..business import Business
from ..web.api import Api
from .operators import Operators


def api(operators: Operators, business: Business) -> Api:
    """Return the use cases of the REST API."""
    return Api(admission=operators.admission, business=business)
