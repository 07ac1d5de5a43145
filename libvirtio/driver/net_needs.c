/* SPDX-License-Identifier: ISC */
/* What the features need that come with the offloads and the control queue (VIRTIO 5.1.3.1). */
#include "driver/net_internal.h"

/* Add RULES, which may be NULL, to those at TO. Returns where the next go. */
static struct virtio_feature_rule *add_rules(struct virtio_feature_rule *to, const struct virtio_feature_rule *rules)
{
	for (; rules && rules->feature; rules++)
		*to++ = *rules;
	return to;
}

/* The rules of 5.1.3.1 for what the runtime named. What needs nothing named has none. */
static void collect_rules(const struct virtio_net_options *options, struct virtio_feature_rule *rules)
{
	struct virtio_feature_rule *end = add_rules(rules, options->offload ? options->offload->rules : NULL);
	end = add_rules(end, options->control ? options->control->rules : NULL);
	*end = (struct virtio_feature_rule){0, 0};
}

uint64_t virtio_net_with_needs(
	const struct virtio_net_options *options, uint64_t features, struct virtio_feature_rule *rules)
{
	collect_rules(options, rules);
	if (options->pairs > 1)
		features |= VIRTIO_NET_F_MQ;
	if (features & NET_SEND_LARGE) /* our users tell exact lengths, so we may promise them (5.1.6.2.1) */
		features |= VIRTIO_NET_F_GUEST_HDRLEN;
	/* Rules that a needed one brings in stand further down, or are seen in another round. */
	for (uint64_t before = ~features; before != features;) {
		before = features;
		for (const struct virtio_feature_rule *rule = rules; rule->feature; rule++)
			if (features & rule->feature && !(features & rule->needs))
				features |= rule->needs;
	}
	return features;
}
