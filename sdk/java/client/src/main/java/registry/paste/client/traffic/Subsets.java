package registry.paste.client.traffic;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import registry.paste.client.model.Policy;

/** Which part of a service answers: rules first, then shares of the traffic. */
final class Subsets {
    private static final int WHOLE = -1;
    private static final int TEN_THOUSAND = 10_000;

    private final List<Policy.Subset> subsets;
    private final Selector[] selectors;
    private final Rule[] rules;

    Subsets(Policy policy, String zone, String region) {
        this.subsets = policy.subsets();
        this.selectors = subsets.stream().map(Subsets::selector).toArray(Selector[]::new);
        this.rules = policy.rules().stream()
                .filter(rule -> (rule.zones().isEmpty() || rule.zones().contains(zone == null ? "" : zone))
                        && (rule.regions().isEmpty() || rule.regions().contains(region == null ? "" : region)))
                .map(this::rule)
                .filter(rule -> rule.subset >= 0)
                .toArray(Rule[]::new);
    }

    /** A rule whose caller is where it has to be. */
    private record Rule(Map<String, String> headers, Policy.Users users, String userHeader, int subset) {}

    private Rule rule(Policy.Rule rule) {
        Map<String, String> headers = new TreeMap<>();
        rule.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
        String userHeader = rule.users() == null ? null : rule.users().header().toLowerCase(Locale.ROOT);
        int index = subsets.size() - 1;
        while (index >= 0 && !subsets.get(index).name().equals(rule.subset())) {
            index--;
        }
        return new Rule(headers, rule.users(), userHeader, index);
    }

    private static Selector selector(Policy.Subset subset) {
        VersionRange range = subset.version() == null ? null : VersionRange.parse(subset.version());
        return new Selector(range, subset.tags(), subset.metadata());
    }

    int count() {
        return selectors.length;
    }

    Selector selector(int index) {
        return selectors[index];
    }

    String name(int index) {
        return subsets.get(index).name();
    }

    /** The index of the subset that answers, -1 for all; {@code populated} tells which have an eligible member. */
    int choose(Ask ask, boolean[] populated, LongSupplier random) {
        for (Rule rule : rules) {
            if (populated[rule.subset] && applies(rule, ask)) {
                return rule.subset;
            }
        }
        int sum = 0;
        int weighted = 0;
        int only = WHOLE;
        for (int index = 0; index < populated.length; index++) {
            if (populated[index] && subsets.get(index).weight() > 0) {
                sum += subsets.get(index).weight();
                weighted++;
                only = index;
            }
        }
        return weighted < 2 ? only : draw(populated, Unsigned.mulhi(random.getAsLong(), sum));
    }

    private int draw(boolean[] populated, long x) {
        long cumulative = 0;
        for (int index = 0; index < populated.length; index++) {
            cumulative += populated[index] ? subsets.get(index).weight() : 0;
            if (cumulative > x) {
                return index;
            }
        }
        return WHOLE;
    }

    private boolean applies(Rule rule, Ask ask) {
        for (Map.Entry<String, String> header : rule.headers.entrySet()) {
            if (!header.getValue().equals(ask.header(header.getKey()))) {
                return false;
            }
        }
        if (rule.users == null) {
            return true;
        }
        String user = ask.header(rule.userHeader);
        return user != null
                && Unsigned.mulhi(XxHash64.hash(name(rule.subset) + "\0" + user), TEN_THOUSAND)
                        < Math.round(rule.users.percent() * 100);
    }
}
