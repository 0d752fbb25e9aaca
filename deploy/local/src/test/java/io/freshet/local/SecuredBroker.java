package io.freshet.local;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.jspecify.annotations.Nullable;

/**
 * Kafka broker in a separate process, with authentication and permissions, that can be killed and
 * restarted on the same port with the same data.
 */
final class SecuredBroker implements AutoCloseable {
    /** Password of the job's user, which must not appear in any log. */
    static final String CANARY = "canary-7f3a";

    static final String USER = "learner";
    private static final String ADMIN = "admin";
    private static final String KEY_STORE = "broker.p12";
    private static final String STARTED = "the broker has started";

    private final Path directory;
    private final int[] ports;
    private final @Nullable CertificateAuthority authority;
    private String password = CANARY;
    private JavaProcess process;

    private SecuredBroker(Path directory, int[] ports, @Nullable CertificateAuthority authority)
            throws IOException {
        this.directory = directory;
        this.ports = ports;
        this.authority = authority;
        process = startProcess();
    }

    /**
     * Starts a broker without TLS.
     *
     * @param directory directory of its data
     */
    static SecuredBroker start(Path directory) throws IOException {
        return new SecuredBroker(
                Files.createDirectories(directory), EmbeddedKafka.freePorts(), null);
    }

    /**
     * Starts a broker whose clients need TLS; its certificate is in {@link #keyStore}.
     *
     * @param directory directory of its data
     * @param authority authority that signs the certificate
     */
    static SecuredBroker startWithTls(Path directory, CertificateAuthority authority)
            throws IOException, InterruptedException {
        authority.issue(Files.createDirectories(directory).resolve(KEY_STORE), "localhost");
        return new SecuredBroker(directory, EmbeddedKafka.freePorts(), authority);
    }

    /** Returns the key store of the broker, which it reads when it starts. */
    Path keyStore() {
        return directory.resolve(KEY_STORE);
    }

    /** Sets the password that the broker accepts from the job's user from its next start on. */
    void setPassword(String newPassword) {
        password = newPassword;
    }

    /** Starts the broker in this process. Arguments: directory, ports, properties. */
    public static void main(String[] args) {
        Map<String, String> properties = new HashMap<>();
        for (String property : Arrays.asList(args).subList(3, args.length)) {
            String[] parts = property.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        EmbeddedKafka.startServer(
                Path.of(args[0]),
                new int[] {Integer.parseInt(args[1]), Integer.parseInt(args[2])},
                properties);
        System.out.println(STARTED);
    }

    private JavaProcess startProcess() throws IOException {
        List<String> arguments = new ArrayList<>();
        arguments.add(Files.createDirectories(directory.resolve("data")).toString());
        arguments.add(Integer.toString(ports[0]));
        arguments.add(Integer.toString(ports[1]));
        Map<String, String> properties = new HashMap<>();
        properties.put(
                "listener.security.protocol.map",
                "PLAINTEXT:" + protocol() + ",CONTROLLER:PLAINTEXT");
        properties.put("inter.broker.listener.name", "PLAINTEXT");
        properties.put("sasl.enabled.mechanisms", "PLAIN");
        properties.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        properties.put(
                "listener.name.plaintext.plain.sasl.jaas.config",
                jaas(ADMIN, ADMIN)
                        .replace(
                                ";",
                                " user_admin=\"admin\" user_" + USER + "=\"" + password + "\";"));
        properties.put(
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        properties.put("super.users", "User:ANONYMOUS;User:admin");
        properties.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200");
        if (authority != null) {
            properties.putAll(CertificateAuthority.broker(keyStore()));
            // The broker is also a client of itself, and trusts its own certificate as it is.
            properties.put("ssl.truststore.location", keyStore().toString());
            properties.put("ssl.truststore.password", CertificateAuthority.PASSWORD);
        }
        properties.forEach((key, value) -> arguments.add(key + "=" + value));
        return JavaProcess.start(
                directory,
                Map.of(),
                List.of("-Xmx512m", "-Dfreshet.log=" + directory.resolve("broker.log")),
                SecuredBroker.class,
                arguments.toArray(String[]::new));
    }

    /** Waits until the broker has started. */
    void await() {
        process.awaitOutput(STARTED);
    }

    /** Kills the broker without a shutdown. */
    void kill() {
        process.close();
    }

    /** Restarts the broker, and waits until it has started. */
    void restart() throws IOException {
        process = startProcess();
        await();
    }

    String bootstrapServers() {
        return "localhost:" + ports[0];
    }

    /** Returns the client properties of the job's user. */
    Map<String, String> client() {
        return login(USER, CANARY);
    }

    /** Returns the client properties of an administrator. */
    Map<String, String> adminClient() {
        return login(ADMIN, ADMIN);
    }

    private String protocol() {
        return authority == null ? "SASL_PLAINTEXT" : "SASL_SSL";
    }

    private Map<String, String> login(String user, String secret) {
        Map<String, String> client = new HashMap<>();
        client.put("bootstrap.servers", bootstrapServers());
        client.put("security.protocol", protocol());
        client.put("sasl.mechanism", "PLAIN");
        client.put("sasl.jaas.config", jaas(user, secret));
        if (authority != null) {
            client.putAll(authority.client());
        }
        return client;
    }

    static String jaas(String user, String password) {
        return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
                + user
                + "\" password=\""
                + password
                + "\";";
    }

    /** Returns an admin client. */
    Admin admin() {
        Properties properties = new Properties();
        properties.putAll(adminClient());
        return Admin.create(properties);
    }

    /**
     * Creates the topics of a job, and grants its user the permissions that it needs.
     *
     * @param settings settings of the job
     * @return settings with which an administrator reads the same topics
     */
    JobConfig prepare(Map<String, String> settings)
            throws InterruptedException, ExecutionException {
        Map<String, String> asAdmin = new HashMap<>(settings);
        adminClient().forEach((key, value) -> asAdmin.put("kafka." + key, value));
        JobConfig config = JobConfig.parse(asAdmin);
        Topics.create(config.topics(), 1);
        List<AclBinding> permissions = new ArrayList<>();
        String input = config.kafka().labelledEvents();
        permissions.add(permission(ResourceType.TOPIC, input, AclOperation.READ));
        for (String topic : config.publish().topics()) {
            permissions.add(permission(ResourceType.TOPIC, topic, AclOperation.READ));
            permissions.add(permission(ResourceType.TOPIC, topic, AclOperation.WRITE));
        }
        String prefix = config.kafka().transactionalIdPrefix();
        permissions.add(permission(ResourceType.TRANSACTIONAL_ID, prefix, AclOperation.WRITE));
        for (String group : List.of(config.kafka().groupId(), prefix + "-lease")) {
            permissions.add(permission(ResourceType.GROUP, group, AclOperation.READ));
        }
        try (Admin admin = admin()) {
            admin.createAcls(permissions).all().get();
        }
        return config;
    }

    static AclBinding permission(ResourceType type, String name, AclOperation operation) {
        PatternType pattern =
                type == ResourceType.TRANSACTIONAL_ID ? PatternType.PREFIXED : PatternType.LITERAL;
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry("User:" + USER, "*", operation, AclPermissionType.ALLOW));
    }

    /** Kills the broker, and restarts it after a time. */
    void outage(long seconds) throws IOException {
        kill();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
        restart();
    }

    @Override
    public void close() {
        process.close();
    }
}
