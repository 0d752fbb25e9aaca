package io.freshet.local.chaos;

import io.freshet.config.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A kind of fault. */
enum FaultKind {
    KILL_TASKMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            return kill(bed, choose(bed.flink().busyTaskManagers(), random), random);
        }
    },
    KILL_JOBMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            return kill(bed, bed.flink().leadingJobManager(), random);
        }
    },
    KILL_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            ChaosBroker broker = choose(bed.kafka().brokers(), random);
            broker.process().signal("KILL");
            return restartLater(broker, random);
        }
    },
    /** Longer than the heartbeat: Flink replaces it, and then it wakes up as a zombie. */
    PAUSE_TASKMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            return pause(choose(bed.flink().busyTaskManagers(), random), 6, 14, random);
        }
    },
    /** Longer than its session with ZooKeeper, and shorter or longer than the job's lease. */
    PAUSE_JOBMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            return pause(bed.flink().leadingJobManager(), 6, 20, random);
        }
    },
    PAUSE_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            ChaosBroker broker = choose(bed.kafka().brokers(), random);
            broker.process().signal("STOP");
            return new ActiveFault(
                    broker.name(), seconds(4, 14, random), () -> broker.process().signal("CONT"));
        }
    },
    BOUNCE_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            ChaosBroker broker = choose(bed.kafka().brokers(), random);
            broker.process().signal("TERM");
            return new ActiveFault(
                    broker.name(),
                    Duration.ZERO,
                    () -> {
                        broker.process().awaitExit();
                        broker.restart();
                        broker.await();
                    });
        }
    },
    /** Between the job and some or all brokers, with a reset or in silence. */
    CUT_NETWORK {
        @Override
        ActiveFault begin(Testbed bed, Random random) {
            List<ChaosBroker> brokers = new ArrayList<>(bed.kafka().brokers());
            Collections.shuffle(brokers, random);
            List<ChaosBroker> cut = brokers.subList(0, 1 + random.nextInt(brokers.size()));
            boolean resets = random.nextBoolean();
            cut.forEach(
                    broker -> {
                        if (resets) {
                            broker.proxy().reset();
                        } else {
                            broker.proxy().silence();
                        }
                    });
            return new ActiveFault(
                    (resets ? "reset" : "silent")
                            + " to "
                            + String.join(", ", cut.stream().map(ChaosBroker::name).toList()),
                    seconds(3, 15, random),
                    () -> cut.forEach(broker -> broker.proxy().heal()));
        }
    },
    /** The checkpoints' directory is not there, and cannot be created. */
    UNWRITABLE_CHECKPOINTS {
        @Override
        ActiveFault begin(Testbed bed, Random random) throws Exception {
            Path directory = bed.flink().checkpoints();
            Path aside = directory.resolveSibling(directory.getFileName() + "-aside");
            Files.move(directory, aside);
            Files.createFile(directory);
            return new ActiveFault(
                    "no directory",
                    seconds(3, 12, random),
                    () -> {
                        Files.delete(directory);
                        Files.move(aside, directory);
                    });
        }
    },
    /** Stop with a savepoint under load, and start from it. */
    SAVEPOINT_RESTART {
        @Override
        ActiveFault begin(Testbed bed, Random random) {
            return bed.job().beginSavepointRestart();
        }
    };

    private static final int MAX_DOWN_SECONDS = 6;

    /**
     * Causes the fault.
     *
     * @param random source of every choice
     */
    abstract ActiveFault begin(Testbed bed, Random random) throws Exception;

    /** Returns the name on the command line. */
    String text() {
        return Key.kebab(this);
    }

    private static <T> T choose(List<T> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }

    private static Duration seconds(int from, int to, Random random) {
        return Duration.ofMillis(from * 1_000L + random.nextInt((to - from) * 1_000));
    }

    private static ActiveFault kill(Testbed bed, ChaosFlink.Node node, Random random)
            throws IOException, InterruptedException {
        node.process().signal("KILL");
        return new ActiveFault(
                node.name(),
                seconds(0, MAX_DOWN_SECONDS, random),
                () -> {
                    node.process().awaitExit();
                    bed.flink().restart(node);
                });
    }

    private static ActiveFault restartLater(ChaosBroker broker, Random random) {
        return new ActiveFault(
                broker.name(),
                seconds(0, MAX_DOWN_SECONDS, random),
                () -> {
                    broker.process().awaitExit();
                    broker.restart();
                    broker.await();
                });
    }

    private static ActiveFault pause(ChaosFlink.Node node, int from, int to, Random random)
            throws IOException, InterruptedException {
        node.process().signal("STOP");
        return new ActiveFault(
                node.name(), seconds(from, to, random), () -> node.process().signal("CONT"));
    }
}
