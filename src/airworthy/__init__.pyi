from airworthy import testing as testing
from airworthy.base.errors import AirworthyError as AirworthyError
from airworthy.base.errors import BadInput as BadInput
from airworthy.base.errors import Conflict as Conflict
from airworthy.base.errors import NotAllowed as NotAllowed
from airworthy.base.errors import NotFound as NotFound
from airworthy.base.errors import StoreError as StoreError
from airworthy.exchange.ask import Source as Source
from airworthy.exchange.permit import Permit as Permit
from airworthy.sdk.connect import connect as connect
from airworthy.sdk.decision import Decision as Decision
from airworthy.sdk.gateway import Gateway as Gateway
from airworthy.sdk.observe import learnt as learnt
from airworthy.sdk.observe import observe as observe
from airworthy.sdk.output import Output as Output

__version__: str
