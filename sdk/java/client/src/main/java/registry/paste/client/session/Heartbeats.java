package registry.paste.client.session;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import registry.paste.client.traffic.Backoff;
import registry.paste.client.traffic.Unsigned;
import registry.paste.client.wire.Answer;
import registry.paste.client.wire.Failures;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.Time;
import registry.paste.client.wire.Transport;

/** Keeps the session alive, on a thread of its own, so that nothing that the process does keeps it from that. */
public final class Heartbeats implements Runnable {
    private final Transport transport;
    private final Registrar registrar;
    private final CallCounts calls;
    private final ServedCounts served;
    private final Time time;
    private final LongSupplier random;
    private final Hooks hooks;
    private final Duration interval;
    private final Duration timeout;
    private final Backoff backoff;
    private final Thread thread = new Thread(this, "paste-registry-heartbeat");

    public Heartbeats(
            Registrar registrar, CallCounts calls, ServedCounts served, SessionContext context, Duration interval) {
        this.transport = context.transport();
        this.registrar = registrar;
        this.calls = calls;
        this.served = served;
        this.time = context.time();
        this.random = context.random();
        this.hooks = context.hooks();
        this.interval = interval;
        this.timeout = context.requestTimeout();
        this.backoff = new Backoff(random);
        this.thread.setDaemon(true);
    }

    /** Begins; at most once. */
    public void start() {
        thread.start();
    }

    /** Ends, and waits at most so long. */
    public void close(long milliseconds) throws InterruptedException {
        thread.interrupt();
        thread.join(Math.max(1, milliseconds));
    }

    @Override
    public void run() {
        long delay = jittered();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(delay / 1_000_000, (int) (delay % 1_000_000));
                delay = registrar.anyThere() ? beat() : jittered();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** The interval, a tenth more or less. */
    private long jittered() {
        long nanos = interval.toNanos();
        return nanos - nanos / 10 + Unsigned.mulhi(random.getAsLong(), Math.max(1, nanos / 5));
    }

    /** One heartbeat; how long to wait before the next. */
    private long beat() throws InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        double cpu = cpu();
        if (cpu >= 0) {
            body.put("cpu", cpu);
        }
        Runnable servedTaken = served.report(body);
        CallCounts.Report report = calls.report();
        if (!report.json().isEmpty()) {
            body.put("calls", report.json());
        }
        String reason;
        long retryAfter = 0;
        try {
            Answer answer =
                    transport.call("POST", registrar.sessionPath() + "/heartbeat", body, timeout, Answer::emptyOrJson);
            if (answer.ok()) {
                servedTaken.run();
                calls.taken(report);
                registrar.alive(true);
                backoff.succeeded(time.nanos());
                return jittered();
            }
            if (answer.notRegistered()) {
                registrar.forgotten();
                return jittered();
            }
            reason = answer.detail();
            retryAfter = answer.retryAfterNanos();
        } catch (IOException failure) {
            reason = Failures.words(failure);
        }
        registrar.alive(false);
        long delay = Math.max(retryAfter, Math.min(backoff.failed(time.nanos()), interval.toNanos()));
        hooks.emit("retrying", Map.of("what", "heartbeat", "reason", reason, "delay_ms", delay / 1_000_000));
        return delay;
    }

    /** The share of the processors that this process keeps busy; negative where the machine doesn't say. */
    private static double cpu() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? Math.min(1, system.getProcessCpuLoad())
                : -1;
    }
}
