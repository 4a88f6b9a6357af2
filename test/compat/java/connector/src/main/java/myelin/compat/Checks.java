package myelin.compat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Runs named checks one after the other and prints a line for each, in the form that the test around it reads. */
final class Checks {

    interface Check {
        void run() throws Exception;
    }

    private final Map<String, Check> checks = new LinkedHashMap<>();

    void add(String claim, Check check) {
        checks.put(claim, check);
    }

    int run() {
        int failed = 0;
        for (var entry : checks.entrySet()) {
            try {
                entry.getValue().run();
                System.out.println("ok - " + entry.getKey());
            } catch (Throwable problem) {
                failed++;
                System.out.println("not ok - " + entry.getKey() + ": " + problem);
                problem.printStackTrace(System.err);
            }
        }
        return failed;
    }

    static void equal(Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }

    static void isTrue(boolean condition, String claim) {
        if (!condition) {
            throw new AssertionError(claim);
        }
    }

    static void eventually(String claim, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within 10 s: " + claim);
            }
            Thread.sleep(5);
        }
    }
}
