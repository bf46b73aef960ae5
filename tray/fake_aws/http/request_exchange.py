"""Handles one request: it is judged, perhaps struck by a fault, logged and answered."""

from __future__ import annotations

from dataclasses import replace
from threading import Condition

from tray.fake_aws.fault_injection import Fault, Faults
from tray.fake_aws.http.http_server import Reply
from tray.fake_aws.http.routes import Operation, Routes
from tray.fake_aws.http.wire_format import AwsError, Request, Response, html_answer
from tray.fake_aws.realm import Realm
from tray.fake_aws.request_log import Journal, LoggedRequest, RequestDetails, about

CAPTIVE_PAGE = "<!doctype html><title>Welcome</title><p>Accept our terms to use this network."


class Exchange:
    """In the connection's thread; the lock is held while a rule decides, never while waiting."""

    def __init__(self, realm: Realm, lock: Condition) -> None:
        self.journal = Journal(lock)
        self.faults = Faults(lock)
        self.crashes: list[str] = []
        self._realm = realm
        self._routes = Routes(realm)
        self._lock = lock
        self._closing = False

    def close(self) -> None:
        """Release every held request; what hangs is dropped unanswered."""
        self._closing = True
        self.faults.clear()

    def handle(self, request: Request) -> Reply:
        """May wait as long as a fault says."""
        with self._lock:
            operation = self._routes.find(request)
            subject = about(self._realm, request)
            fault = self.faults.take(operation.name, subject)
        if fault is None:
            answer = self._perform(operation, request)
            self._note(operation, request, subject, answer, None)
            return Reply(answer)
        return self._with_fault(fault, operation, request, subject)

    def _with_fault(
        self, fault: Fault, operation: Operation, request: Request, subject: RequestDetails
    ) -> Reply:
        match fault.kind:
            case "reset":
                self._note(operation, request, subject, None, fault)
                return Reply(Response(500), "reset")
            case "hang":
                self._note(operation, request, subject, None, fault)
                fault.released.wait()
                if self._closing:
                    return Reply(Response(500), "dropped")
                return Reply(self._perform(operation, request, fault))
            case "lost":
                self._perform(operation, request, fault)
                self._note(operation, request, subject, None, fault)
                return Reply(Response(500), "dropped")
            case "delay":
                fault.released.wait(fault.seconds)
                answer = self._perform(operation, request, fault)
            case "late":
                answer = self._perform(operation, request, fault)
                fault.released.wait(fault.seconds)
            case "cut":
                answer = self._perform(operation, request, fault)
            case _:
                answer = _broken_answer(fault, operation)
        self._note(operation, request, subject, answer, fault)
        return Reply(answer, "cut" if fault.kind == "cut" else "whole")

    def _perform(
        self, operation: Operation, request: Request, fault: Fault | None = None
    ) -> Response:
        answer = self._judge(operation, request)
        if fault is not None:
            fault.note_performed()
        return answer

    def _judge(self, operation: Operation, request: Request) -> Response:
        with self._lock:
            try:
                return operation.perform(request)
            except AwsError as refused:
                return operation.refuse(refused)
            except Exception as error:  # noqa: BLE001 - told by the context manager's end
                self.crashes.append(f"{operation.name}: {type(error).__name__}")
                return operation.refuse(AwsError("InternalServerException", "we crashed", 500))

    def _note(
        self,
        operation: Operation,
        request: Request,
        subject: RequestDetails,
        answer: Response | None,
        fault: Fault | None,
    ) -> None:
        call = LoggedRequest(
            operation=operation.name,
            when=self._realm.knobs.time(),
            method=request.method,
            path=request.path,
            status=None if answer is None else answer.status,
            error=None if answer is None else answer.error,
            fault=None if fault is None else fault.kind,
            about=subject,
        )
        self.journal.add(call)


def _broken_answer(fault: Fault, operation: Operation) -> Response:
    """The answer of a fault that performs nothing."""
    match fault.kind:
        case "status":
            status = fault.status or 503
            return Response(status, b"Service Unavailable", "text/plain", error=f"HTTP {status}")
        case "html":
            return html_answer(CAPTIVE_PAGE)
        case "throttle":
            refused = AwsError("TooManyRequestsException", "slow down", fault.status or 429)
            answer = operation.refuse(refused)
            wait = ("Retry-After", f"{fault.seconds:.0f}")
            return replace(answer, headers=(*answer.headers, wait))
        case name:
            return operation.refuse(AwsError(name, fault.message, fault.status))
